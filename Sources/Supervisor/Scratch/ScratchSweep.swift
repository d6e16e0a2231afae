internal import Foundation

/// What an attempt left and somebody may still want to look at.
struct ScratchEntry: Equatable, Sendable {
    /// Below the scratch directory: `<task>/<attempt>`.
    var name: String
    /// When it was kept.
    var keptAt: Date
    /// Bytes it takes on the disk.
    var bytes: Int64
}

/// Decides what of the kept scratch has to go. Pure.
enum ScratchSweep {
    /// What is older than `maxAge`, and of the rest the oldest until no more than `maxBytes` are left; oldest first.
    static func surplus(
        _ entries: [ScratchEntry], now: Date, maxAge: Duration, maxBytes: Int64
    ) -> [ScratchEntry] {
        let oldest = entries.sorted { ($0.keptAt, $0.name) < ($1.keptAt, $1.name) }
        var total = oldest.reduce(0) { $0 + $1.bytes }
        return oldest.filter { entry in
            let isOld = now.timeIntervalSince(entry.keptAt) > maxAge / .seconds(1)
            guard isOld || total > maxBytes else { return false }
            total -= entry.bytes
            return true
        }
    }
}
