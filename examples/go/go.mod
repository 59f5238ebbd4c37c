module services

go 1.25.11

require (
	github.com/pulumi-virtnet/pulumi-virtnet/sdk/go v0.0.0
	github.com/pulumi/pulumi/sdk/v3 v3.259.0
)

// The module of this clone. With a published version, remove this line and require that version.
replace github.com/pulumi-virtnet/pulumi-virtnet/sdk/go => ../../sdk/go
