#ifndef CAGENTSYSTEM_H
#define CAGENTSYSTEM_H

#include <signal.h>
#include <spawn.h>
#include <sys/types.h>

// What glibc declares for _GNU_SOURCE only, or Linux has as a macro or a variadic function, and Swift therefore can't
// see. Thin wrappers; the return values and errno are those of the wrapped call.

// pipe2(2) with O_CLOEXEC.
int cagent_pipe(int descriptors[2]);

// accept4(2) with SOCK_CLOEXEC | SOCK_NONBLOCK.
int cagent_accept(int listener);

// prctl(2) PR_SET_CHILD_SUBREAPER: orphaned descendants become children of the calling process.
int cagent_become_subreaper(void);

// prctl(2) PR_SET_DUMPABLE 0: processes of the same user can neither trace this one nor read its memory, environment or
// descriptors; programs it executes are not affected.
int cagent_hide_memory(void);

// prctl(2) PR_SET_NO_NEW_PRIVS: nothing that this process executes gains rights by a set-user-ID bit or capabilities of
// a file.
int cagent_forbid_new_privileges(void);

// prctl(2) PR_SET_SECCOMP: from now on this process and its children can make no namespace and no mount, and reach
// neither keyrings nor kernel modules, BPF, io_uring and the like: EPERM. Adds to the engine's own filter, which differs from
// engine to engine. Needs cagent_forbid_new_privileges. ENOSYS on architectures without a table.
int cagent_refuse_escapes(void);

// setrlimit(2) of this process: `nofile`, `nproc` or `core`, soft and hard; a hard limit that is lower stays.
int cagent_lower_limit(const char *name, unsigned long long value);

// getsockopt(2) SO_PEERCRED.
int cagent_peer_credentials(int descriptor, pid_t *pid, uid_t *uid);

// close_range(2) from `first` upwards; up to 4095 on kernels before 5.9.
void cagent_close_from(int first);

// Removes every System V shared memory segment, semaphore set and message queue of the IPC namespace that this user may
// remove: shmctl(2), semctl(2), msgctl(2). Three calls when there is none.
void cagent_remove_ipc(void);

// signalfd(2) with SFD_CLOEXEC | SFD_NONBLOCK.
int cagent_signal_descriptor(const sigset_t *mask);

// The number of the next signal of a signal descriptor; 0 when there is none.
int cagent_next_signal(int descriptor);

// fcntl(2) F_SETPIPE_SZ.
int cagent_set_pipe_size(int descriptor, int bytes);

// fcntl(2) O_NONBLOCK on.
int cagent_set_nonblocking(int descriptor);

// posix_spawn_file_actions_addchdir_np(3).
int cagent_add_chdir(posix_spawn_file_actions_t *actions, const char *path);

// posix_spawnattr_setflags(3) with a new session, a signal mask and default signals.
int cagent_set_session_flags(posix_spawnattr_t *attributes);

#endif
