"""Names that several artefacts share."""

LICENSE = "LICENSE"
DISTRIBUTION = "pulumi-virtnet"
PLUGIN = "pulumi-resource-virtnet"
