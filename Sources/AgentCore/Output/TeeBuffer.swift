/// What waits for a slow reader of the agent's own standard output or error. Pure.
///
/// States: *flowing* (everything is kept), *full* (the source pauses), *skipping* (the reader took nothing for
/// `patience`: new bytes are counted and thrown away until the reader has taken all that waits; then a marker says how
/// many are missing).
struct TeeBuffer {
    /// The most bytes kept before the source is asked to pause.
    static let capacity = 256 * 1024
    /// How long a reader may take nothing before the source goes on without it.
    static let patience = Nanos.seconds(2)

    private var bytes: [UInt8] = []
    private var head = 0
    private var skipping = false
    private var skipped: UInt64 = 0
    /// Since when the reader has taken nothing of what waits; nil when nothing waits.
    private var waitingSince: Nanos?

    /// How many bytes wait.
    var count: Int { bytes.count - head }

    /// Whether the source may go on.
    var accepts: Bool { skipping || count < Self.capacity }

    /// When the buffer wants to be looked at though nothing happened.
    var deadline: Nanos? {
        guard !accepts, let waitingSince else { return nil }
        return waitingSince + Self.patience
    }

    /// Takes bytes, or counts them when skipping.
    mutating func append(_ new: UnsafeRawBufferPointer, now: Nanos) {
        guard !new.isEmpty else { return }
        if skipping {
            skipped += UInt64(new.count)
        } else {
            if count == 0 { waitingSince = now }
            bytes.append(contentsOf: new)
        }
    }

    /// Shows what waits.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[head...])) }
    }

    /// The reader took `number` bytes.
    mutating func remove(_ number: Int, now: Nanos) {
        guard number > 0 else { return }
        head += number
        waitingSince = now
        if head > bytes.count / 2 {
            bytes.removeSubrange(..<head)
            head = 0
        }
        guard count == 0 else { return }
        waitingSince = nil
        guard skipping else { return }
        skipping = false
        let marker = "\n[acode: \(skipped) bytes not shown here, nobody read them in time]\n"
        skipped = 0
        Array(marker.utf8).withUnsafeBytes { append($0, now: now) }
    }

    /// Starts to skip when the reader's time is over.
    mutating func tick(now: Nanos) {
        if let deadline, now >= deadline { skipping = true }
    }
}
