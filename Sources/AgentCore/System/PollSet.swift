import Glibc

/// What one round of the event loop waits for.
struct PollSet {
    private var entries: [pollfd] = []
    private(set) var deadline: Nanos?

    /// Forgets everything, keeps the memory.
    mutating func reset() {
        entries.removeAll(keepingCapacity: true)
        deadline = nil
    }

    /// Waits for a descriptor too, in the directions that are true. With neither it is left out: poll would report a
    /// hang-up even if nobody asks, and spin.
    mutating func add(_ descriptor: Descriptor?, read: Bool = false, write: Bool = false) {
        guard let descriptor, read || write else { return }
        let events = (read ? Int16(POLLIN) : 0) | (write ? Int16(POLLOUT) : 0)
        entries.append(pollfd(fd: descriptor.number, events: events, revents: 0))
    }

    /// The same, and tells its place for `isReady(at:)`, which is quicker where there are many; `nil` when it is left out.
    mutating func place(_ descriptor: Descriptor, read: Bool, write: Bool) -> Int? {
        guard read || write else { return nil }
        add(descriptor, read: read, write: write)
        return entries.count - 1
    }

    /// Waits no longer than until `instant`.
    mutating func limit(to instant: Nanos?) {
        guard let instant else { return }
        deadline = Swift.min(deadline ?? instant, instant)
    }

    /// Blocks until something is ready or the deadline has passed. What is ready is found by trying: every descriptor
    /// is non-blocking.
    mutating func wait(now: Nanos) {
        let milliseconds = Self.timeout(from: now, to: deadline)
        _ = poll(&entries, nfds_t(entries.count), milliseconds)
    }

    /// Whether the descriptor was added and has something to do or to say.
    func isReady(_ descriptor: Descriptor?) -> Bool {
        guard let descriptor else { return false }
        return entries.contains { $0.fd == descriptor.number && $0.revents != 0 }
    }

    /// Whether the descriptor at a place has something to do or to say.
    func isReady(at place: Int?) -> Bool { place.map { entries[$0].revents != 0 } ?? false }

    /// The wait in whole milliseconds, rounded up so that a deadline is over after it; -1 without a deadline.
    static func timeout(from now: Nanos, to deadline: Nanos?) -> Int32 {
        guard let deadline else { return -1 }
        guard deadline > now else { return 0 }
        return Int32(clamping: (deadline - now - 1) / 1_000_000 + 1)
    }
}
