/// Finds the name somebody probably meant.
package enum NearestName {
    /// "did you mean …?" with the nearest candidate, `nil` when none is near.
    package static func hint(for name: String, among candidates: [String]) -> String? {
        nearest(to: name, among: candidates).map { "did you mean \($0)?" }
    }

    /// The nearest candidate; `nil` when none is near. Case, `_` and `-` make no difference, so the words of
    /// another spelling (`memory_mb`) are found first.
    ///
    /// - Parameters:
    ///   - name: what was written.
    ///   - candidates: what may have been meant; of several as near the first is taken.
    ///   - within: the most changes that still count as near; by default a third of the name.
    package static func nearest(to name: String, among candidates: [String], within: Int? = nil) -> String? {
        let wanted = normalised(name)
        guard !wanted.isEmpty, wanted.count <= 80 else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(wanted, normalised(candidate))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best, best.distance <= within ?? max(1, wanted.count / 3) else { return nil }
        return best.name
    }

    /// The fewest insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
    static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for (row, byte) in first.enumerated() {
            var current = [row + 1]
            for (column, other) in second.enumerated() {
                var cost = min(last[column] + (byte == other ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, byte == second[column - 1], first[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[second.count]
    }

    private static func normalised(_ name: String) -> [UInt8] {
        name.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }
}
