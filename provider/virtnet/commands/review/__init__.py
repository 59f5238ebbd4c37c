"""`virtnet review`: a preview of Pulumi's as one comment in Markdown, and as an exit code. Asks no host."""
