package main

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// modules is what the guest needs; what they depend on is found out. Some are
// built into the kernel.
var modules = []string{"xhci_pci", "usbhid", "hid_generic", "evdev", "ftdi_sio", "cdc_acm", "usblp", "vhci_hcd"}

// kernel is what was kept of the package.
type kernel struct {
	image string   // file
	order []string // module files, in the order of loading
}

// ensureKernel returns the kernel of the cache, and fills that first.
func ensureKernel(ctx context.Context, cache string) (kernel, error) {
	dir := filepath.Join(cache, "kernel")
	if k, err := cachedKernel(dir); err == nil {
		return k, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return kernel{}, err
	}
	work, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return kernel{}, err
	}
	defer os.RemoveAll(work)
	deb, err := download(ctx, work)
	if err != nil {
		return kernel{}, err
	}
	fresh := filepath.Join(work, "kernel")
	if err := extract(ctx, deb, fresh); err != nil {
		return kernel{}, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return kernel{}, err
	}
	if err := os.Rename(fresh, dir); err != nil { // whole, or not at all
		return kernel{}, err
	}
	return cachedKernel(dir)
}

func cachedKernel(dir string) (kernel, error) {
	k := kernel{image: filepath.Join(dir, "vmlinux")}
	b, err := os.ReadFile(filepath.Join(dir, "order"))
	if err != nil {
		return k, err
	}
	for name := range strings.FieldsSeq(string(b)) {
		k.order = append(k.order, filepath.Join(dir, name))
	}
	for _, f := range append([]string{k.image}, k.order...) {
		if _, err := os.Stat(f); err != nil {
			return k, err
		}
	}
	for _, m := range modules { // a cache of an earlier list
		if !slices.Contains(strings.Fields(string(b)), m+".ko") && !slices.Contains(strings.Fields(string(b)), m+".builtin") {
			return k, fmt.Errorf("module %s is not in the cache", m)
		}
	}
	k.order = slices.DeleteFunc(k.order, func(f string) bool { return strings.HasSuffix(f, ".builtin") })
	return k, nil
}

// download fetches the package that linux-image-amd64 stands for. The package
// of cloud machines has no USB at all.
func download(ctx context.Context, dir string) (string, error) {
	if os.Geteuid() == 0 { // the lists of a fresh machine are empty
		if out, err := exec.CommandContext(ctx, "apt-get", "-q", "update").CombinedOutput(); err != nil {
			return "", fmt.Errorf("usblab: apt-get update: %w\n%s", err, out)
		}
	}
	out, err := exec.CommandContext(ctx, "apt-cache", "depends", "linux-image-amd64").Output()
	if err != nil {
		return "", fmt.Errorf("usblab: apt-cache depends linux-image-amd64: %w (this needs Debian; apt-get update first)", err)
	}
	name := ""
	for line := range strings.Lines(string(out)) {
		if _, after, ok := strings.Cut(line, "Depends: linux-image-"); ok {
			name = "linux-image-" + strings.TrimSpace(after)
		}
	}
	if name == "" {
		return "", errors.New("usblab: linux-image-amd64 depends on no kernel; apt-get update first")
	}
	fmt.Println("usblab: downloading", name)
	cmd := exec.CommandContext(ctx, "apt-get", "-q", "download", name)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("usblab: apt-get download %s: %w\n%s", name, err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "linux-image-*.deb"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("usblab: apt-get download left %v, want one package", found)
	}
	return found[0], nil
}

// extract keeps the image and the modules needed. The package is read twice:
// first for what depends on what, then for the files.
func extract(ctx context.Context, deb, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	depends := map[string][]string{}
	err := eachFile(ctx, deb, func(name string, r io.Reader) error {
		switch {
		case strings.HasPrefix(name, "boot/vmlinuz-"):
			return unpack(ctx, filepath.Join(dir, "vmlinux"), r)
		case strings.HasSuffix(name, ".ko"):
			b, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			needs, err := moduleDepends(b)
			depends[moduleName(name)] = needs
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	order := loadOrder(modules, depends)
	err = eachFile(ctx, deb, func(name string, r io.Reader) error {
		if m := moduleName(name); strings.HasSuffix(name, ".ko") && slices.Contains(order, m) {
			return save(filepath.Join(dir, m+".ko"), r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, m := range order {
		fmt.Fprintln(&list, m+".ko")
	}
	for _, m := range modules {
		if _, ok := depends[m]; !ok {
			fmt.Fprintln(&list, m+".builtin")
			if err := os.WriteFile(filepath.Join(dir, m+".builtin"), nil, 0o644); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "order"), []byte(list.String()), 0o644)
}

// eachFile visits the files of a Debian package.
func eachFile(ctx context.Context, deb string, visit func(name string, r io.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", deb)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("usblab: %w", err)
	}
	err = readTar(pipe, visit)
	if err != nil {
		cancel()
	}
	if waitErr := cmd.Wait(); err == nil && waitErr != nil {
		return fmt.Errorf("usblab: dpkg-deb: %w", waitErr)
	}
	return err
}

func readTar(r io.Reader, visit func(name string, r io.Reader) error) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			_, err := io.Copy(io.Discard, r)
			return err
		}
		if err != nil {
			return fmt.Errorf("usblab: reading the package: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := visit(strings.TrimPrefix(h.Name, "./"), t); err != nil {
			return fmt.Errorf("usblab: %s: %w", h.Name, err)
		}
	}
}

func save(name string, r io.Reader) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// xzMagic begins the kernel proper inside the image that boot loaders take.
var xzMagic = []byte("\xfd7zXZ\x00")

// unpack saves the kernel of an image without its packing: the host is done in
// a second with what takes an emulated machine five, each time.
func unpack(ctx context.Context, name string, r io.Reader) error {
	image, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	at := bytes.Index(image, xzMagic)
	if at < 0 {
		return errors.New("the kernel is not packed with xz")
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "xz", "-dc", "--single-stream") // more follows it
	cmd.Stdin, cmd.Stdout = bytes.NewReader(image[at:]), f
	if err := errors.Join(cmd.Run(), f.Close()); err != nil {
		return fmt.Errorf("unpacking with xz: %w", err)
	}
	return nil
}

// moduleName is the name the kernel uses: with underscores.
func moduleName(file string) string {
	return strings.ReplaceAll(strings.TrimSuffix(path.Base(file), ".ko"), "-", "_")
}

// moduleDepends reads depends=a,b out of a module's .modinfo.
func moduleDepends(b []byte) ([]string, error) {
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	section := f.Section(".modinfo")
	if section == nil {
		return nil, nil
	}
	info, err := section.Data()
	if err != nil {
		return nil, err
	}
	var needs []string
	for entry := range strings.SplitSeq(string(info), "\x00") {
		if list, ok := strings.CutPrefix(entry, "depends="); ok && list != "" {
			for name := range strings.SplitSeq(list, ",") {
				needs = append(needs, moduleName(name))
			}
		}
	}
	return needs, nil
}

// loadOrder lists the wanted modules that exist, each after what it needs.
func loadOrder(wanted []string, depends map[string][]string) []string {
	var order []string
	var add func(name string)
	add = func(name string) {
		needs, exists := depends[name]
		if !exists || slices.Contains(order, name) {
			return
		}
		delete(depends, name) // and so no circle is endless
		for _, n := range needs {
			add(n)
		}
		depends[name] = needs
		order = append(order, name)
	}
	for _, name := range wanted {
		add(name)
	}
	return order
}
