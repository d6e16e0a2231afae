#define _GNU_SOURCE
#include "CAgentSystem.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

int cagent_forbid_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

// Every flag of clone(2) and unshare(2) that makes a namespace.
#define NAMESPACES                                                                                                     \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

// The numbers of one architecture.
struct table {
    // Refused with EPERM whatever their arguments.
    const unsigned *refused;
    size_t count;
    // Refused with EPERM when their first argument asks for a namespace.
    unsigned clone, unshare;
    // Said not to exist, because a filter can't see into its argument; C libraries then use clone.
    unsigned clone3;
};

static const unsigned native[] = {
    SYS_keyctl, SYS_add_key, SYS_request_key, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_bpf,
    SYS_perf_event_open, SYS_userfaultfd, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,
    SYS_open_by_handle_at, SYS_swapon, SYS_swapoff, SYS_reboot, SYS_acct, SYS_quotactl, SYS_settimeofday,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
    // The same numbers on every architecture since Linux 5.0.
    425 /* io_uring_setup */, 426 /* io_uring_enter */, 427 /* io_uring_register */, 428 /* open_tree */,
    429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */,
    442 /* mount_setattr */,
};

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
// 32-bit programs on the same kernel: arch/x86/entry/syscalls/syscall_32.tbl.
static const unsigned compatible[] = {
    288 /* keyctl */, 286 /* add_key */, 287 /* request_key */, 346 /* setns */, 21 /* mount */, 22 /* umount */,
    52 /* umount2 */, 217 /* pivot_root */, 357 /* bpf */, 336 /* perf_event_open */, 374 /* userfaultfd */,
    128 /* init_module */, 350 /* finit_module */, 129 /* delete_module */, 283 /* kexec_load */,
    342 /* open_by_handle_at */, 87 /* swapon */, 115 /* swapoff */, 88 /* reboot */, 51 /* acct */, 131 /* quotactl */,
    79 /* settimeofday */, 425, 426, 427, 428, 429, 430, 431, 432, 433, 442,
};
#define COMPATIBLE AUDIT_ARCH_I386
static const struct table compatible_table = {compatible, sizeof compatible / sizeof *compatible, 120, 310, 435};
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#endif

#ifdef NATIVE
enum { longest = 256 };

struct program {
    struct sock_filter code[longest];
    unsigned short count;
};

static void add(struct program *program, struct sock_filter instruction) {
    if (program->count < longest) {
        program->code[program->count] = instruction;
    }
    program->count++;
}

static void load(struct program *program, unsigned offset) {
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void answer(struct program *program, unsigned result) {
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, result));
}

// When the loaded word is not `value`, skips the next `count` instructions.
static void unless_equal_skip(struct program *program, unsigned value, unsigned char count) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
}

static void add_table(struct program *program, const struct table *table) {
    const unsigned refusal = SECCOMP_RET_ERRNO | EPERM;
    load(program, offsetof(struct seccomp_data, nr));
    for (size_t index = 0; index < table->count; index++) {
        unless_equal_skip(program, table->refused[index], 1);
        answer(program, refusal);
    }
    unless_equal_skip(program, table->clone3, 1);
    answer(program, SECCOMP_RET_ERRNO | ENOSYS);
    const unsigned calls[] = {table->clone, table->unshare};
    for (size_t index = 0; index < 2; index++) {
        unless_equal_skip(program, calls[index], 4);
        // The low half of the first argument; both architectures are little-endian.
        load(program, offsetof(struct seccomp_data, args));
        add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1));
        answer(program, refusal);
        answer(program, SECCOMP_RET_ALLOW);
    }
    answer(program, SECCOMP_RET_ALLOW);
}

static void append(struct program *program, const struct program *block) {
    for (unsigned short index = 0; index < block->count; index++) {
        add(program, block->code[index]);
    }
}

int cagent_refuse_escapes(void) {
    struct program own = {.count = 0};
#if defined(__x86_64__)
    // The x32 calls have numbers of their own in this range; nothing uses them.
    load(&own, offsetof(struct seccomp_data, nr));
    add(&own, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
    answer(&own, SECCOMP_RET_ERRNO | ENOSYS);
#endif
    const struct table table = {native, sizeof native / sizeof *native, SYS_clone, SYS_unshare, 435};
    add_table(&own, &table);

    struct program filter = {.count = 0};
    load(&filter, offsetof(struct seccomp_data, arch));
    unless_equal_skip(&filter, NATIVE, (unsigned char)own.count);
    append(&filter, &own);
#ifdef COMPATIBLE
    struct program other = {.count = 0};
    add_table(&other, &compatible_table);
    unless_equal_skip(&filter, COMPATIBLE, (unsigned char)other.count);
    append(&filter, &other);
#endif
    // An architecture nobody has a table for.
    answer(&filter, SECCOMP_RET_ERRNO | ENOSYS);
    if (own.count > 255 || filter.count > longest) {
        errno = E2BIG;
        return -1;
    }
    const struct sock_fprog whole = {filter.count, filter.code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0);
}
#else
int cagent_refuse_escapes(void) {
    errno = ENOSYS;
    return -1;
}
#endif

int cagent_lower_limit(const char *name, unsigned long long value) {
    static const struct {
        const char *name;
        int resource;
    } limits[] = {{"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC}, {"core", RLIMIT_CORE}};
    for (size_t index = 0; index < sizeof limits / sizeof *limits; index++) {
        struct rlimit limit;
        if (strcmp(limits[index].name, name) != 0) {
            continue;
        }
        if (getrlimit(limits[index].resource, &limit) != 0) {
            return -1;
        }
        if (limit.rlim_max > value) {
            limit.rlim_max = value;
        }
        limit.rlim_cur = limit.rlim_max;
        return setrlimit(limits[index].resource, &limit);
    }
    errno = EINVAL;
    return -1;
}
