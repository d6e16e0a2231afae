internal import Glibc

/// How many files this process may have open. Each connection that a worker makes through the proxy takes two.
enum OpenFileLimit {
    /// More than any pool needs; beyond it programs that close every number they may have get slow.
    private static let most: rlim_t = 1 << 17

    /// Raises the soft limit as far as the hard one lets it. The agents of local workers set limits of their own.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let wanted = min(limit.rlim_max, most)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        // Where that fails the pool carries fewer connections.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
