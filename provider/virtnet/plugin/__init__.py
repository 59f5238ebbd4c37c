"""The native plugin: Pulumi's resource provider protocol over gRPC, for programs in any language."""
