package deptest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/openecr/openecr/"
	root   = "../.."
)

// rule says what the packages under a folder may import besides the standard
// library. A prefix ends with a slash; everything else is one package.
type rule struct {
	folder string
	may    []string
}

// rules are checked in order: the first whose folder fits a package holds.
var rules = []rule{
	// Codecs: no I/O, standard library or the field's codec library.
	{"transport/frame", []string{module + "internal/"}},
	{"pos/zvt/zvtproto", []string{module + "transport/frame", module + "internal/", "golang.org/x/text/"}},
	// Simulators speak through connections and codecs; they know the contract only to keep books.
	{"pos/zvt/zvttest", []string{module + "pos", module + "pos/zvt/zvtproto", module + "transport", module + "transport/frame"}},
	{"pos/zvt", []string{module + "pos", module + "pos/zvt/zvtproto", module + "transport", module + "transport/frame"}},
	{"pos/journal", []string{module + "pos", module + "internal/", "modernc.org/sqlite", "modernc.org/sqlite/lib", "modernc.org/libc", "golang.org/x/sys/"}},
	{"pos/postest", []string{module + "pos", "github.com/stretchr/testify/", "pgregory.net/rapid"}},
	{"pos/unionpay/cupproto", []string{module + "emv", module + "internal/", "github.com/moov-io/iso8583", "github.com/moov-io/iso8583/", "golang.org/x/text/"}},
	{"pos/unionpay/cuptest", []string{module + "emv", module + "pos/unionpay/cupkey", module + "pos/unionpay/cupproto"}},
	{"pos/unionpay/cupkey", []string{module + "emv", module + "internal/", "github.com/emmansun/gmsm/", "golang.org/x/crypto/"}},
	{"pos/unionpay", []string{module + "pos", module + "pos/unionpay/cupkey", module + "pos/unionpay/cupproto", module + "emv", module + "transport", module + "transport/frame", module + "internal/"}},
	{"pos/operators", []string{module + "pos", module + "internal/", "golang.org/x/crypto/"}},
	{"pos/reconcile", []string{module + "pos"}},
	{"pos/receipt", []string{module + "pos", module + "transport/escpos", module + "transport/escpos/paper", "rsc.io/qr"}},
	{"pos/meituan/meituantest", []string{module + "pos", module + "pos/meituan"}},
	{"pos/meituan", []string{module + "pos", module + "internal/"}},
	{"pos/tmall/tmalltest", []string{module + "pos", module + "pos/tmall"}},
	{"pos/tmall", []string{module + "pos", module + "internal/"}},
	{"pos/rules", []string{module + "pos", module + "pos/operators", module + "internal/"}},
	{"pos/report", []string{module + "pos", module + "internal/", "github.com/xuri/excelize/v2"}},
	{"pos", nil}, // has never heard of a driver
	{"transport/transporttest", []string{module + "transport", module + "internal/", "github.com/creack/pty", "github.com/stretchr/testify/", "go.uber.org/goleak", "golang.org/x/sys/"}},
	{"transport/tcp", []string{module + "transport", module + "internal/", "golang.org/x/sys/"}},
	{"transport/usb", []string{module + "transport", module + "transport/serial", module + "transport/usb", module + "transport/usb/usbtest", module + "internal/", "github.com/google/gousb", "golang.org/x/sys/"}},
	{"transport/scanner", []string{module + "transport", module + "transport/scanner", module + "internal/"}},
	{"transport/display", []string{module + "transport", module + "transport/display", module + "internal/", "golang.org/x/text/"}},
	{"transport/serial", []string{module + "transport", module + "internal/", "go.bug.st/serial", "go.bug.st/serial/enumerator", "golang.org/x/sys/"}},
	{"transport/escpos/internal", []string{"rsc.io/qr", "github.com/hajimehoshi/bitmapfont/v4", "golang.org/x/image/", "golang.org/x/text/"}},
	{"transport/escpos/paper", []string{module + "transport/escpos/internal/", "golang.org/x/text/"}},
	{"transport/escpos/escpostest", []string{module + "transport", module + "transport/escpos/paper"}},
	{"transport/escpos", []string{module + "transport", module + "internal/", module + "transport/escpos/internal/", "golang.org/x/text/"}},
	{"transport", []string{module + "internal/"}},
	{"emv", nil},
	{"qr/qrimage", []string{"rsc.io/qr", "rsc.io/qr/coding", "github.com/makiuchi-d/gozxing", "github.com/makiuchi-d/gozxing/", "github.com/hajimehoshi/bitmapfont/v4", "golang.org/x/image/"}},
	{"qr/internal", []string{module + "pos", "golang.org/x/text/"}},
	{"qr/qrtest", []string{module + "pos", module + "qr/", "golang.org/x/text/"}},
	{"qr/wallet/wallettest", []string{module + "pos", module + "pos/postest", module + "qr/qrtest", module + "qr/wallet", "github.com/stretchr/testify/"}},
	{"qr/wallet", []string{module + "pos", module + "qr", module + "qr/internal/"}},
	{"qr/wechat", []string{module + "pos", module + "qr/wallet", module + "qr/internal/"}},
	{"qr/alipay", []string{module + "pos", module + "qr/wallet", module + "qr/internal/"}},
	{"qr/shouqianba", []string{module + "pos", module + "qr/wallet", module + "qr/internal/", module + "internal/"}},
	{"qr/chinaums", []string{module + "pos", module + "qr/wallet", module + "qr/internal/"}},
	{"qr", []string{module + "pos", module + "emv", module + "internal/"}},
	{"douyin/douyintest", nil},
	{"douyin", []string{module + "pos", module + "pos/reconcile", module + "internal/"}},
	{"internal", []string{"golang.org/x/sys/"}},
	{"examples", []string{module, "github.com/spf13/", "github.com/creack/pty", "golang.org/x/sys/", "modernc.org/"}},
}

// pure packages do no I/O at all.
var pure = []string{"transport/frame", "emv", "qr", "qr/qrimage", "transport/escpos/internal/ink", "transport/escpos/paper", "pos/zvt/zvtproto", "pos/unionpay/cupproto"}

var impure = []string{"os", "net", "net/http", "os/exec", "syscall", "io/fs", "database/sql"}

// folders are the only ones at the top.
var folders = []string{"pos", "transport", "emv", "qr", "douyin", "examples", "internal"}

func imports(t *testing.T, visit func(pkg, file string, imports []string)) {
	t.Helper()
	count := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var list []string
		for _, s := range f.Imports {
			p, err := strconv.Unquote(s.Path.Value)
			if err != nil {
				return err
			}
			list = append(list, p)
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		count++
		visit(path.Dir(rel), rel, list)
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, count, 50, "the walk found the project")
}

func ruleFor(pkg string) (rule, bool) {
	for _, r := range rules {
		if pkg == r.folder || strings.HasPrefix(pkg, r.folder+"/") {
			return r, true
		}
	}
	return rule{}, false
}

func (r rule) allows(p string) bool {
	if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
		return true // standard library
	}
	for _, m := range r.may {
		if p == m || strings.HasSuffix(m, "/") && strings.HasPrefix(p, m) {
			return true
		}
	}
	return false
}

func TestImportsPointOneWay(t *testing.T) {
	imports(t, func(pkg, file string, list []string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		r, ok := ruleFor(pkg)
		if !ok {
			t.Errorf("%s: no rule for package %s; add one", file, pkg)
			return
		}
		for _, p := range list {
			own := p == module+pkg || strings.HasPrefix(p, module+r.folder+"/internal/")
			if !own && !r.allows(p) {
				t.Errorf("%s imports %s, which the layer %s may not", file, p, r.folder)
			}
			if slices.Contains(pure, pkg) && slices.Contains(impure, p) {
				t.Errorf("%s imports %s, but codecs do no I/O", file, p)
			}
		}
	})
}

func TestCgoIsAskedForByATag(t *testing.T) {
	imports(t, func(_, file string, list []string) {
		if !slices.Contains(list, "C") {
			return
		}
		b, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		require.Contains(t, string(b), "//go:build", "%s uses cgo without a build tag", file)
	})
}

func TestTheTopHoldsSevenFoldersAndNoMore(t *testing.T) {
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			require.Contains(t, folders, e.Name())
		}
	}
	for _, f := range folders {
		require.DirExists(t, filepath.Join(root, f))
	}
}

func TestARuleThatIsBrokenIsSeen(t *testing.T) {
	for _, c := range []struct {
		pkg, imports string
		ok           bool
	}{
		{"pos", "context", true},
		{"pos", module + "pos/zvt", false},
		{"pos", module + "transport", false},
		{"pos/zvt", module + "transport", true},
		{"pos/zvt", module + "transport/tcp", false},
		{"pos/zvt/zvtproto", module + "transport", false},
		{"transport", module + "pos", false},
		{"transport/tcp", module + "transport", true},
		{"examples/till", module + "pos/zvt", true},
	} {
		r, ok := ruleFor(c.pkg)
		require.True(t, ok)
		require.Equal(t, c.ok, r.allows(c.imports), "%s imports %s", c.pkg, c.imports)
	}
}
