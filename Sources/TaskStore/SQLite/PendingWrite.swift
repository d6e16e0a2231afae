/// A write that waits for the writer, with the caller that waits for it.
struct PendingWrite: Sendable {
    /// What it is, for errors.
    let operation: String
    /// Since when it waits.
    let since: ContinuousClock.Instant
    /// Does the work inside a transaction; may be run again when that transaction is lost. Returns what tells the caller
    /// of the success, to be called after the commit.
    let run: @Sendable (WriteScope) throws -> @Sendable () -> Void
    /// Tells the caller of the failure.
    let fail: @Sendable (StoreError) -> Void
}
