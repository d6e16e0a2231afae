import AgentProtocol
import Glibc

/// Collects dead children: the task, its orphans, and, as PID 1, everybody's.
struct Reaper {
    /// One dead child.
    struct Death {
        let pid: pid_t
        let status: Int32
        let usage: ResourceUsage
    }

    /// What one round found.
    struct Round {
        var deaths: [Death] = []
        /// Whether no child is left, dead or alive. As every orphan below becomes a child of the agent (PID 1, or
        /// sub-reaper), then no descendant is left either.
        var childless = false
    }

    /// Collects whatever is dead now. Never blocks.
    static func reap() -> Round {
        var round = Round()
        while true {
            var status: Int32 = 0
            var usage = rusage()
            let pid = wait4(-1, &status, WNOHANG, &usage)
            if pid > 0 {
                round.deaths.append(Death(pid: pid, status: status, usage: ResourceUsage(usage)))
            } else if pid == 0 {
                return round
            } else if errno != EINTR {
                round.childless = errno == ECHILD
                return round
            }
        }
    }
}

extension ResourceUsage {
    fileprivate init(_ usage: rusage) {
        self.init(
            userMicros: Int64(usage.ru_utime.tv_sec) * 1_000_000 + Int64(usage.ru_utime.tv_usec),
            systemMicros: Int64(usage.ru_stime.tv_sec) * 1_000_000 + Int64(usage.ru_stime.tv_usec),
            maxRSSBytes: Int64(usage.ru_maxrss) * 1024, blockIn: Int64(usage.ru_inblock),
            blockOut: Int64(usage.ru_oublock))
    }
}
