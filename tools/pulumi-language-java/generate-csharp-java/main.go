// generate-csharp-java writes what Pulumi's own code generators make of a package's schema in C# and Java:
//
//	generate-csharp-java sdk csharp|java SCHEMA DIRECTORY
//	generate-csharp-java programs SCHEMA DIRECTORY PROGRAM.yaml…
//
// The second writes programs in C# with the names of those in YAML. Java's generator makes none that compile: it imports
// from com.pulumi whatever package the schema names, and stops at maps.
//
// Both are older than the engine, and so no part of tools/pulumi/generate-sdk: .NET's generator left
// github.com/pulumi/pulumi/pkg after 3.206, and Java's is built with versions before that.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi-yaml/pkg/pulumiyaml"
	yamlgen "github.com/pulumi/pulumi-yaml/pkg/pulumiyaml/codegen"
	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "virtnet's tools/pulumi-language-java/generate-csharp-java"

var errUsage = errors.New("usage: generate-csharp-java sdk csharp|java SCHEMA DIRECTORY, " +
	"or generate-csharp-java programs SCHEMA DIRECTORY PROGRAM.yaml…")

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate-csharp-java:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 4 && arguments[0] == "sdk":
		bound, err := read(arguments[2])
		if err != nil {
			return err
		}
		files, err := sdk(arguments[1], bound)
		if err != nil {
			return err
		}
		return write(files, arguments[3])
	case len(arguments) > 3 && arguments[0] == "programs":
		bound, err := read(arguments[1])
		if err != nil {
			return err
		}
		files, err := programs(bound, arguments[3:])
		if err != nil {
			return err
		}
		return write(files, arguments[2])
	}
	return errUsage
}

func sdk(language string, bound *schema.Package) (map[string][]byte, error) {
	switch language {
	case "csharp":
		http.DefaultTransport = noLogo{}
		return dotnet.GeneratePackage(tool, bound, nil, nil)
	case "java":
		// As for a local package, so without Gradle's files: tools/release/java.py makes the Maven package.
		return java.GeneratePackage(tool, bound, nil, nil, true, false)
	}
	return nil, fmt.Errorf("no generator for %q; there are csharp and java", language)
}

// noLogo answers with nothing: .NET's generator asks the package's site for its logo, which only a NuGet package needs.
type noLogo struct{}

func (noLogo) RoundTrip(request *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: request}, nil
}

// read binds a schema. Warnings are errors: a schema that Pulumi has doubts about is to be mended, not shipped.
func read(path string) (*schema.Package, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	bound, diagnostics, err := schema.BindSpec(spec, schema.NewPluginLoader(nil), schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if len(diagnostics) > 0 {
		return nil, fmt.Errorf("%s: %w", path, diagnostics)
	}
	return bound, nil
}

// programs gives those in YAML in C#, by their names.
func programs(bound *schema.Package, paths []string) (map[string][]byte, error) {
	reference := bound.Reference()
	loader := schema.NewCachedLoaderWithEntries(schema.NewPluginLoader(nil), map[string]schema.PackageReference{
		bound.Name + ":": reference, bound.Identity(): reference,
	})
	converted := map[string][]byte{}
	for _, path := range paths {
		text, err := program(path, loader)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		converted[strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))+".cs"] = text
	}
	return converted, nil
}

func program(path string, loader schema.ReferenceLoader) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	template, parsing, err := pulumiyaml.LoadYAMLBytes(path, text)
	if err != nil {
		return nil, err
	}
	if len(parsing) > 0 {
		return nil, parsing
	}
	bound, binding, err := yamlgen.EjectProgram(template, loader)
	if err != nil {
		return nil, err
	}
	files, generating, err := dotnet.GenerateProgram(bound)
	if err != nil {
		return nil, err
	}
	if doubts := append(binding, generating...); len(doubts) > 0 {
		return nil, doubts
	}
	return files["Program.cs"], nil
}

func write(files map[string][]byte, directory string) error {
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
