/* Tries to get out of a container, way by way, and says of each whether the kernel refused it:
 *     escape          all ways, one line each: `NAME refused EPERM`, or `NAME SUCCEEDED`
 *     escape whoami   prints the effective user; installed a second time as set-user-ID root
 * Exits with the number of ways that worked. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static int worked;

static void report(const char *name, int result) {
    int code = errno;
    if (result < 0) {
        printf("%s refused %s\n", name, strerrorname_np(code));
    } else {
        printf("%s SUCCEEDED\n", name);
        worked++;
    }
    fflush(stdout);
}

static int write_to(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    int result = write(file, text, strlen(text)) < 0 ? -1 : 0;
    int code = errno;
    close(file);
    errno = code;
    return result;
}

/* Each way that would change the process itself is tried in a child. */
static int in_child(int (*way)(void)) {
    pid_t child = fork();
    if (child == 0) {
        int result = way();
        _exit(result < 0 ? errno : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    return errno == 0 ? 0 : -1;
}

static int way_chroot(void) { return chroot("/tmp"); }
static int way_setuid(void) { return getuid() == 0 ? (errno = EALREADY, -1) : setuid(0); }
static int way_userns(void) { return unshare(CLONE_NEWUSER); }
static int way_mountns(void) { return unshare(CLONE_NEWNS); }
static int way_hostns(void) {
    int file = open("/proc/1/ns/user", O_RDONLY | O_CLOEXEC);
    return file < 0 ? -1 : setns(file, 0);
}

/* Whether a program of root's with the set-user-ID bit gives root's rights. */
static int way_setuid_program(void) {
    execl("/usr/local/bin/escape-setuid", "escape-setuid", "whoami", "quiet", NULL);
    return -1;
}

static int device_file(mode_t kind) {
    unlink("/tmp/escape-device");
    if (mknod("/tmp/escape-device", kind | 0666, kind == S_IFBLK ? makedev(8, 0) : makedev(1, 1)) < 0) {
        return -1;
    }
    int file = open("/tmp/escape-device", O_RDONLY | O_CLOEXEC);
    unlink("/tmp/escape-device");
    return file;
}

static int open_any(const char *const *paths) {
    for (; *paths; paths++) {
        int file = open(*paths, O_RDWR | O_CLOEXEC);
        if (file >= 0) {
            return file;
        }
    }
    return -1;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "whoami") == 0) {
        /* As a child of `escape`: 0 when the bit worked, else the errno of a refusal. */
        if (argc > 2) {
            return geteuid() == 0 && getuid() != 0 ? 0 : EPERM;
        }
        printf("%d\n", (int)geteuid());
        return 0;
    }
    static const char *const devices[] = {"/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/nvme0n1",
                                          "/dev/fuse", "/dev/net/tun", NULL};
    char handle[64] = {0};
    report("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
    report("bind-mount", mount("/", "/tmp", NULL, MS_BIND, NULL));
    report("setuid", in_child(way_setuid));
    report("setuid-program", in_child(way_setuid_program));
    report("ptrace", (int)ptrace(PTRACE_ATTACH, 1, NULL, NULL));
    report("memory-of-pid-1", open("/proc/1/mem", O_RDWR | O_CLOEXEC));
    report("environment-of-pid-1", open("/proc/1/environ", O_RDONLY | O_CLOEXEC));
    report("device", open_any(devices));
    report("mknod-block", device_file(S_IFBLK));
    report("mknod-memory", device_file(S_IFCHR));
    report("raw-socket", socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1));
    report("packet-socket", socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    report("proc-sys", write_to("/proc/sys/kernel/core_pattern", "|/tmp/x"));
    report("sysrq", write_to("/proc/sysrq-trigger", "h"));
    report("sys", write_to("/sys/kernel/mm/ksm/run", "0"));
    report("chroot", in_child(way_chroot));
    report("keyctl", (int)syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
    report("add-key", (int)syscall(SYS_add_key, "user", "escape", "x", 1, KEY_SPEC_SESSION_KEYRING));
    report("module", (int)syscall(SYS_init_module, handle, sizeof handle, ""));
    report("module-file", (int)syscall(SYS_finit_module, 0, "", 0));
    report("user-namespace", in_child(way_userns));
    report("mount-namespace", in_child(way_mountns));
    report("join-namespace", in_child(way_hostns));
    report("bpf", (int)syscall(SYS_bpf, 5, handle, sizeof handle));
    report("file-handle", (int)syscall(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY));
    report("agent-program", write_to("/.acode/bin/acode-agent", "x"));
    report("agent-directory", open("/run/acode/escape", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    report("secrets-directory", open("/run/secrets/escape", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return worked;
}
