internal import Glibc
internal import Synchronization

/// Tells a connection's thread, which waits in `poll`, that its caller doesn't want the answer any more.
final class CancelTicket: Sendable {
    private let isCancelled = Mutex(false)
    let wakeup: Wakeup

    init(_ wakeup: Wakeup) { self.wakeup = wakeup }

    var wasCancelled: Bool { isCancelled.withLock { $0 } }

    func cancel() {
        isCancelled.withLock { $0 = true }
        wakeup.signal()
    }

    /// Blocks the thread for so long, or until `cancel`, or until `condition` holds when the way to wake was used.
    func sleep(for time: Duration, orUntil condition: () -> Bool = { false }) {
        settle(for: time) { wasCancelled || condition() }
    }

    /// Blocks the thread for so long, or until `condition` holds when the way to wake was used, cancelled or not.
    func settle(for time: Duration, until condition: () -> Bool) {
        let deadline = ContinuousClock.now + time
        while !condition() {
            let left = deadline - .now
            guard left > .zero else { return }
            var file = pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&file, 1, Int32(min(60_000, (left / .milliseconds(1)).rounded(.up)))) > 0 { wakeup.reset() }
        }
    }
}

/// A pair of sockets that makes a wait in `poll` end early.
final class Wakeup: Sendable {
    /// Readable once it was signalled; -1 when there are no descriptors left, and waits end at their deadlines only.
    let descriptor: Int32
    private let writing: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        _ = socketpair(AF_UNIX, Int32(kind), 0, &ends)
        (descriptor, writing) = (ends[0], ends[1])
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        close(writing)
    }

    func signal() {
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }

    func reset() {
        var bytes: [UInt8] = Array(repeating: 0, count: 64)
        while read(descriptor, &bytes, bytes.count) > 0 {}
    }
}
