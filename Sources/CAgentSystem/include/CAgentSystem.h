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

// getsockopt(2) SO_PEERCRED.
int cagent_peer_credentials(int descriptor, pid_t *pid, uid_t *uid);

// close_range(2) from `first` upwards; up to 4095 on kernels before 5.9.
void cagent_close_from(int first);

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
