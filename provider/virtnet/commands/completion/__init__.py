"""`virtnet completion`: what a shell needs to complete virtnet's commands."""
