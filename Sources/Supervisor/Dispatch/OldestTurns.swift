/// When the oldest tasks are taken, whatever their priorities: each n-th time that some are, so that none waits without end
/// while those of a higher priority keep coming.
struct OldestTurns: Sendable, Equatable {
    /// Which time it is; 0 means never.
    let every: Int
    private var since = 0

    init(every: Int) { self.every = every }

    /// Whether it is now.
    var isDue: Bool { every > 0 && since >= every - 1 }

    /// Some were taken.
    mutating func took() { since = isDue ? 0 : since + 1 }
}
