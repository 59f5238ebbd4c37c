"""What users of the distribution get besides it, as a CycloneDX bill of materials: the locked runtime dependencies."""

import json
import subprocess
import uuid
from datetime import datetime, timezone
from pathlib import Path


def bill_of_materials(repository: Path, uv: str, epoch: int) -> str:
    """The bill as JSON, the same for the same lock."""
    command = [uv, "export", "--frozen", "--no-dev", "--preview-features", "sbom-export", "--format", "cyclonedx1.5"]
    done = subprocess.run([*command, "--quiet"], cwd=repository, check=True, capture_output=True, text=True)
    bill = json.loads(done.stdout)
    bill["metadata"]["timestamp"] = datetime.fromtimestamp(epoch, timezone.utc).isoformat()
    bill["serialNumber"] = ""
    bill["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bill, sort_keys=True)).urn
    return json.dumps(bill, indent=2) + "\n"
