"""How much the property tests try, and with what every program that a test starts begins.

The same little at every run; much and at random with HYPOTHESIS_PROFILE=thorough.
"""

import os
import signal

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick", max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
# A failure prints the line that repeats it.
settings.register_profile(
    "thorough",
    max_examples=2000,
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# A shell starts what runs in the background with these ignored, and so does nohup; programs inherit that, and what is
# handled here they begin with as usual. Else none could be interrupted, and Pulumi waits seconds for each plugin's end.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)
