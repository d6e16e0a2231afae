/// What a write must survive before its caller is told.
enum Durability: Sendable {
    /// A loss of power: flushed to the disk.
    case powerLoss
    /// The end of this process. For what a loss of power makes void anyway, because whoever would rely on it ends with the
    /// machine: leases, and news of attempts that run under them. Later flushes carry it along.
    case processEnd
}

/// A write that waits for the writer, with the caller that waits for it.
struct PendingWrite: Sendable {
    /// What it is, for errors.
    let operation: String
    /// What it must survive.
    let durability: Durability
    /// Since when it waits.
    let since: ContinuousClock.Instant
    /// Does the work inside a transaction; may be run again when that transaction is lost. Returns what tells the caller
    /// of the success, to be called after the commit.
    let run: @Sendable (WriteScope) throws -> @Sendable () -> Void
    /// Tells the caller of the failure.
    let fail: @Sendable (StoreError) -> Void
}
