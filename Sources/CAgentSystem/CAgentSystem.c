#define _GNU_SOURCE
#include "CAgentSystem.h"

#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int cagent_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int cagent_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int cagent_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int cagent_hide_memory(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int cagent_peer_credentials(int descriptor, pid_t *pid, uid_t *uid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
        return -1;
    }
    *pid = credentials.pid;
    *uid = credentials.uid;
    return 0;
}

void cagent_close_from(int first) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0U, 0) == 0) {
        return;
    }
#endif
    // A descriptor above this bound would only be inherited by the task, never used here.
    for (int descriptor = first; descriptor < 4096; descriptor++) {
        close(descriptor);
    }
}

int cagent_signal_descriptor(const sigset_t *mask) { return signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK); }

int cagent_next_signal(int descriptor) {
    struct signalfd_siginfo info;
    return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

int cagent_set_pipe_size(int descriptor, int bytes) { return fcntl(descriptor, F_SETPIPE_SZ, bytes); }

int cagent_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

int cagent_add_chdir(posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

int cagent_set_session_flags(posix_spawnattr_t *attributes) {
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

// The kernel's tables have a highest index; an entry that is not used answers with EINVAL.
static void remove_shared_memory(void) {
    struct shm_info info;
    struct shmid_ds entry;
    int highest = shmctl(0, SHM_INFO, (struct shmid_ds *)&info);
    for (int index = 0; index <= highest; index++) {
        int identifier = shmctl(index, SHM_STAT, &entry);
        if (identifier >= 0) {
            shmctl(identifier, IPC_RMID, NULL);
        }
    }
}

static void remove_semaphores(void) {
    union {
        int value;
        struct semid_ds *entry;
        struct seminfo *info;
    } argument;
    struct seminfo info;
    struct semid_ds entry;
    argument.info = &info;
    int highest = semctl(0, 0, SEM_INFO, argument);
    for (int index = 0; index <= highest; index++) {
        argument.entry = &entry;
        int identifier = semctl(index, 0, SEM_STAT, argument);
        if (identifier >= 0) {
            semctl(identifier, 0, IPC_RMID);
        }
    }
}

static void remove_message_queues(void) {
    struct msginfo info;
    struct msqid_ds entry;
    int highest = msgctl(0, MSG_INFO, (struct msqid_ds *)&info);
    for (int index = 0; index <= highest; index++) {
        int identifier = msgctl(index, MSG_STAT, &entry);
        if (identifier >= 0) {
            msgctl(identifier, IPC_RMID, NULL);
        }
    }
}

void cagent_remove_ipc(void) {
    remove_shared_memory();
    remove_semaphores();
    remove_message_queues();
}
