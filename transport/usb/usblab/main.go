package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// guestPackage holds the tests that need real USB.
const guestPackage = "github.com/openecr/openecr/transport/usb/usblab/guest"

// options are the command line.
type options struct {
	run, skip string
	bench     string
	count     int
	verbose   bool
	timeout   time.Duration
	cache     string
}

func main() {
	if isInit() {
		guestMain()
	}
	var o options
	flag.StringVar(&o.run, "run", "", "tests to run, as go test -run; all, in two guests at once, without it")
	flag.StringVar(&o.bench, "bench", "", "benchmarks to run, as go test -bench")
	flag.IntVar(&o.count, "count", 1, "runs of every test, as go test -count")
	flag.BoolVar(&o.verbose, "v", false, "name every test")
	flag.DurationVar(&o.timeout, "timeout", 5*time.Minute, "for the guest, booting included")
	flag.StringVar(&o.cache, "cache", os.Getenv("OPENECR_USBLAB_CACHE"), "folder for the kernel; empty is openecr-usblab in the user's cache")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := lab(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("usblab: passed")
}

// lab builds the guest and runs it.
func lab(ctx context.Context, o options) error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return errors.New("usblab: this needs Linux on amd64")
	}
	if err := requireTools(ctx); err != nil {
		return err
	}
	if o.cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("usblab: %w; set OPENECR_USBLAB_CACHE", err)
		}
		o.cache = filepath.Join(base, "openecr-usblab")
	}
	begun := time.Now()
	k, err := ensureKernel(ctx, o.cache)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "usblab-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	test, err := buildTest(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Printf("usblab: built in %.1f s, booting\n", time.Since(begun).Seconds())
	if o.run != "" || o.bench != "" {
		return runGuest(ctx, k, test, dir, "guest", o)
	}
	// One core each, and about the same time.
	sales, rest := o, o
	sales.run, rest.skip = salesPattern, salesPattern
	failed := make(chan error, 1)
	go func() { failed <- runGuest(ctx, k, test, dir, "sales", sales) }()
	err = runGuest(ctx, k, test, dir, "devices", rest)
	return errors.Join(err, <-failed)
}

// salesPattern are the tests that get a guest of their own.
const salesPattern = "Sale|EveryWayIsAConn"

// runGuest boots one guest in a folder of its own.
func runGuest(ctx context.Context, k kernel, test, dir, name string, o options) error {
	dir = filepath.Join(dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	image, err := buildGuest(ctx, k, test, dir, testArgs(o), o.timeout-reserve/2)
	if err != nil {
		return err
	}
	begun := time.Now()
	console := &named{w: os.Stdout, name: name}
	err = boot(ctx, k, image, o.timeout, console)
	fmt.Fprintf(console, "ran %.1f s\n", time.Since(begun).Seconds())
	return err
}

// named begins every write, a line, with a name.
type named struct {
	w    io.Writer
	name string
}

var printing sync.Mutex // of lines of several guests

func (n *named) Write(line []byte) (int, error) {
	printing.Lock()
	defer printing.Unlock()
	fmt.Fprintf(n.w, "%s| %s", n.name, line)
	return len(line), nil
}

// reserve is what of the guest's time is kept for booting, and for saying what
// hangs when the tests do not end.
const reserve = 40 * time.Second

// testArgs are the arguments of the test binary.
func testArgs(o options) []string {
	if o.run == "" {
		o.run = "."
	}
	args := []string{"-test.run=" + o.run, "-test.skip=" + o.skip, fmt.Sprintf("-test.count=%d", o.count), "-test.timeout=" + max(o.timeout-reserve, reserve).String()}
	if o.verbose {
		args = append(args, "-test.v")
	}
	if o.bench != "" {
		args = append(args, "-test.run=^$", "-test.bench="+o.bench, "-test.benchmem")
	}
	return args
}

// tools are programs and the Debian package each is in.
var tools = [][2]string{{"qemu-system-x86_64", "qemu-system-x86"}, {"gcc", "gcc libc6-dev"}, {"pkg-config", "pkg-config"},
	{"apt-get", "apt"}, {"dpkg-deb", "dpkg"}, {"xz", "xz-utils"}, {"ldd", "libc-bin"}}

func requireTools(ctx context.Context) error {
	var missing []string
	for _, t := range tools {
		if _, err := exec.LookPath(t[0]); err != nil {
			missing = append(missing, t[1])
		}
	}
	if len(missing) == 0 && exec.CommandContext(ctx, "pkg-config", "--exists", "libusb-1.0").Run() != nil {
		missing = append(missing, "libusb-1.0-0-dev")
	}
	if len(missing) > 0 {
		return fmt.Errorf("usblab: the USB tests need Debian's %s: apt-get install %[1]s", strings.Join(missing, " "))
	}
	return nil
}

// buildTest compiles the tests.
func buildTest(ctx context.Context, dir string) (string, error) {
	test := filepath.Join(dir, "test")
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-tags", "libusb usblab", "-ldflags", "-s -w", "-o", test, guestPackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("usblab: building the tests: %w\n%s", err, out)
	}
	return test, nil
}

// buildGuest writes the initramfs.
func buildGuest(ctx context.Context, k kernel, test, dir string, args []string, patience time.Duration) (string, error) {
	var a archive
	a.device("dev/console", 5, 1)
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	files := map[string]string{"init": self, "test": test}
	libraries, err := sharedLibraries(ctx, test)
	if err != nil {
		return "", err
	}
	for _, l := range libraries {
		files[strings.TrimPrefix(l, "/")] = l
	}
	var order strings.Builder
	for _, m := range k.order {
		files["modules/"+filepath.Base(m)] = m
		fmt.Fprintln(&order, filepath.Base(m))
	}
	for name, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		a.add(name, b)
	}
	a.add("modules/order", []byte(order.String()))
	a.add("args", []byte(strings.Join(args, "\x00")))
	a.add("patience", []byte(patience.String()))
	b, err := a.bytes()
	if err != nil {
		return "", err
	}
	image := filepath.Join(dir, "initramfs")
	return image, os.WriteFile(image, b, 0o644)
}

// sharedLibraries lists the files a program is linked with.
func sharedLibraries(ctx context.Context, program string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "ldd", program).Output()
	if err != nil {
		return nil, fmt.Errorf("usblab: ldd: %w", err)
	}
	var files []string
	for line := range strings.Lines(string(out)) { // "libc.so.6 => /lib/.../libc.so.6 (0x...)", or the loader's path alone
		for field := range strings.FieldsSeq(line) {
			if strings.HasPrefix(field, "/") {
				files = append(files, field)
				break
			}
		}
	}
	return files, nil
}
