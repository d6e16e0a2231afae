/// Notices that the clock which leases go by was put forward, or that the host slept: then leases seem to have run out whose
/// supervisors live, and have had no time to renew them.
///
/// Whoever looks must have looked before: a process that began after the jump can't know of it.
struct ClockJumps: Sendable {
    /// The longest lease that others may have without renewing it, in milliseconds, as far as this process knows.
    private(set) var lease: Int64 = 90_000
    /// How far the clock was ahead of the steady time when it was last looked at, in milliseconds.
    private var offset: Int64
    /// Until when nothing can be said, in steady milliseconds.
    private var quietUntil = Int64.min

    /// A clock that is slewed, or two readings that are a moment apart, are no jump.
    private static let tolerance: Int64 = 1000

    init(_ clock: any StoreClock) { offset = Self.reading(of: clock).offset }

    /// Notes for how long leases are renewed.
    mutating func renewing(for milliseconds: Int64) { lease = max(lease, milliseconds) }

    /// Whether the clock jumped so lately that who lives may not have renewed its leases since.
    mutating func isTooSoon(_ clock: any StoreClock) -> Bool {
        let now = Self.reading(of: clock)
        let jump = now.offset - offset
        offset = now.offset
        if jump > Self.tolerance { quietUntil = max(quietUntil, now.steady + min(jump, lease)) }
        return now.steady < quietUntil
    }

    /// Both times of one moment: between two readings the process may have been stopped.
    private static func reading(of clock: any StoreClock) -> (steady: Int64, offset: Int64) {
        var found: (steady: Int64, offset: Int64) = (0, 0)
        for _ in 0..<5 {
            let before = StoredTime.milliseconds(clock.steady())
            let wall = StoredTime.milliseconds(clock.now())
            let after = StoredTime.milliseconds(clock.steady())
            found = (before, wall - before)
            if after - before < tolerance / 10 { break }
        }
        return found
    }
}
