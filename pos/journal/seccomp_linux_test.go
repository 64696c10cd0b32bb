//go:build linux && (amd64 || arm64)

package journal

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// failSyncs makes every later fsync and fdatasync of this process, in all its
// threads, return EIO: a system call filter, which needs no privilege and
// cannot be taken back.
var failSyncs = func() error {
	arch := uint32(unix.AUDIT_ARCH_X86_64)
	if runtime.GOARCH == "arm64" {
		arch = unix.AUDIT_ARCH_AARCH64
	}
	const load, equal, answer = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	const retAllow, retErrno, setFilter, allThreads = 0x7fff0000, 0x00050000, 1, 1
	program := []unix.SockFilter{
		{Code: load, K: 4}, // seccomp_data.arch
		{Code: equal, K: arch, Jf: 4},
		{Code: load, K: 0}, // seccomp_data.nr
		{Code: equal, K: unix.SYS_FSYNC, Jt: 1},
		{Code: equal, K: unix.SYS_FDATASYNC, Jf: 1},
		{Code: answer, K: retErrno | uint32(unix.EIO)},
		{Code: answer, K: retAllow},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, setFilter, allThreads, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	if err := unix.Fsync(1); !errors.Is(err, unix.EIO) {
		return fmt.Errorf("fsync still answers %v", err)
	}
	return nil
}
