/// Which images were there when last looked for, and until when they need not be pulled again. Pure.
struct ImageMemory: Sendable {
    private struct Entry: Sendable {
        let id: String
        /// Until when it need not be pulled again; `nil` is for ever.
        var until: ContinuousClock.Instant?
        /// Grows with each that is noted.
        let turn: UInt64
    }

    /// Images that are remembered; for another one the one that was noted longest ago is forgotten.
    static let most = 256

    private var entries: [String: Entry] = [:]
    private var turn: UInt64 = 0

    /// All that are remembered, fresh or not.
    var names: Set<String> { Set(entries.keys) }

    /// Whether it was there and need not be pulled again yet.
    func isFresh(_ image: String, at now: ContinuousClock.Instant = .now) -> Bool {
        guard let entry = entries[image] else { return false }
        return entry.until.map { $0 > now } ?? true
    }

    /// Which image was last seen under that name.
    func id(of image: String) -> String? { entries[image]?.id }

    /// Notes which image is under that name.
    mutating func note(_ image: String, id: String, until: ContinuousClock.Instant?) {
        if entries[image] == nil, entries.count >= Self.most,
            let oldest = entries.min(by: { $0.value.turn < $1.value.turn })
        {
            entries[oldest.key] = nil
        }
        turn += 1
        entries[image] = Entry(id: id, until: until, turn: turn)
    }

    /// It is not there.
    mutating func forget(_ image: String) { entries[image] = nil }

    /// Every one has to be pulled again.
    mutating func expire(at now: ContinuousClock.Instant = .now) {
        for image in entries.keys { entries[image]?.until = now }
    }
}
