// generate-sdk writes the SDK of one language from a package's schema, with Pulumi's own code generators:
//
//	generate-sdk go|nodejs|python SCHEMA DIRECTORY
//
// It is what `pulumi package gen-sdk` does where the language hosts of a Pulumi installation can do it; those that
// tools/setup builds cannot.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "virtnet's tools/pulumi/generate-sdk"

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: generate-sdk go|nodejs|python SCHEMA DIRECTORY")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "generate-sdk:", err)
		os.Exit(1)
	}
}

func write(language, path, directory string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	loader := schema.NewPluginLoader(nil)
	bound, diagnostics, err := schema.BindSpec(spec, loader, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	// Warnings too: a schema that Pulumi has doubts about is to be mended, not shipped.
	if len(diagnostics) > 0 {
		return fmt.Errorf("%s: %w", path, diagnostics)
	}
	var files map[string][]byte
	switch language {
	case "go":
		files, err = gogen.GeneratePackage(tool, bound, nil)
	case "nodejs":
		// Not the SDK of a folder, which npm is to compile when it installs it: this one is published compiled.
		files, err = nodejs.GeneratePackage(tool, bound, nil, nil, false, loader)
	case "python":
		files, err = python.GeneratePackage(tool, bound, nil, loader)
	default:
		err = fmt.Errorf("no generator for %q; there are go, nodejs and python", language)
	}
	if err != nil {
		return err
	}
	for name, content := range files {
		target := filepath.Join(directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
