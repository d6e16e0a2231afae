internal import Glibc
internal import Synchronization

/// How many connections the proxies of this process carry together, so that what tasks do never takes the descriptors
/// the supervisor needs for itself.
final class ConnectionBudget: Sendable {
    /// For every proxy of this process, by its limit of open files when it is first used.
    static let shared: ConnectionBudget = {
        var files = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        return ConnectionBudget(openFiles: Int(clamping: files.rlim_cur))
    }()

    /// How many there may be.
    let limit: Int
    private let left: Mutex<Int>

    /// Gives connections, of two descriptors each, what is not kept for everything else: 512, of small limits a half, of
    /// large ones a quarter.
    convenience init(openFiles: Int) {
        self.init(limit: (openFiles - max(openFiles / 4, min(openFiles / 2, 512))) / 2)
    }

    init(limit: Int) {
        self.limit = limit
        left = Mutex(limit)
    }

    /// Takes one for a proxy that has `own` already. No proxy gets more than are left for the others, so that the first
    /// to ask for many doesn't shut out the next.
    func take(having own: Int) -> Bool {
        left.withLock { left in
            guard own < left else { return false }
            left -= 1
            return true
        }
    }

    /// Gives one back.
    func giveBack() { left.withLock { $0 += 1 } }
}
