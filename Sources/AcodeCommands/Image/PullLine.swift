internal import WorkerPool

/// One line about a pull, for people. Pure.
struct PullLine: Equatable {
    var reference: String
    var summary: PullSummary
    /// Seconds since it began.
    var elapsed: Double

    /// `pulling R  [=====>    ] 42%  12MiB/30MiB  2/5 layers  3s`, in at most `width` characters; the reference is
    /// shortened first, and the bar left out where there is no room.
    func text(width: Int) -> String {
        let tail = numbers.joined(separator: "  ")
        let room = width - tail.count - "pulling   ".count
        let hasBar = share != nil && room - 24 >= min(reference.count, 20)
        let name = shortened(max(8, room - (hasBar ? 24 : 0)))
        let bar = hasBar ? "  \(self.bar)" : ""
        return String("pulling \(name)\(bar)  \(tail)".prefix(max(20, width)))
    }

    private var share: Double? {
        summary.totalBytes > 0 ? min(1, Double(summary.bytes) / Double(summary.totalBytes)) : nil
    }

    private var bar: String {
        let done = Int((share ?? 0) * 20)
        let head = done < 20 ? ">" : ""
        return "[" + String(repeating: "=", count: done) + head
            + String(repeating: " ", count: max(0, 19 - done)) + "]"
    }

    private var numbers: [String] {
        var parts: [String] = []
        if let share {
            parts.append("\(Int(share * 100))%")
            parts.append(
                HumanText.bytes(UInt64(max(0, summary.bytes))) + "/"
                    + HumanText.bytes(UInt64(max(0, summary.totalBytes))))
        }
        if summary.layers > 0 { parts.append("\(summary.finishedLayers)/\(summary.layers) layers") }
        return parts + [HumanText.duration(elapsed)]
    }

    /// The end of a reference tells more than its beginning.
    private func shortened(_ length: Int) -> String {
        reference.count <= length ? reference : "…" + reference.suffix(length - 1)
    }
}
