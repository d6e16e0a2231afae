/// Replaces the values of secrets in a stream of bytes by `[secret NAME]`, also where a value comes in several pieces.
/// Pure.
///
/// Every occurrence is covered; occurrences that overlap become one mask. What could be the beginning of a value is held
/// back until it is known whether it is: at most one byte less than the longest value.
package struct SecretMasker: Sendable {
    /// A value and how to look for it without going back (Knuth, Morris, Pratt).
    private struct Pattern {
        let mask: [UInt8]
        let value: [UInt8]
        /// For each length of a matched beginning, the longest shorter beginning that it ends with.
        let fallback: [Int]
        /// How much of the value the stream ends with.
        var matched = 0

        init(name: String, value: [UInt8]) {
            mask = Array("[secret \(name)]".utf8)
            self.value = value
            var fallback = [0, 0]
            var length = 0
            for byte in value.dropFirst() {
                while length > 0, value[length] != byte { length = fallback[length] }
                if value[length] == byte { length += 1 }
                fallback.append(length)
            }
            self.fallback = fallback
        }

        /// Takes one byte; returns whether it is the last of the value.
        mutating func advance(_ byte: UInt8) -> Bool {
            while matched > 0, value[matched] != byte { matched = fallback[matched] }
            if value[matched] == byte { matched += 1 }
            guard matched == value.count else { return false }
            matched = fallback[matched]
            return true
        }
    }

    /// Part of `held` that is to be masked.
    private struct Region {
        var start: Int
        var end: Int
        var mask: [UInt8]
    }

    /// Values shorter than this would be found everywhere by chance, and are not looked for.
    package static let shortest = 4

    private var patterns: [Pattern]
    private var held: [UInt8] = []
    private var regions: [Region] = []
    /// How much at the beginning of `held` belongs to a mask that was put out already.
    package private(set) var covered = 0

    /// Looks for `secrets`, each without the line ends after it, which programs that print one leave out. The first
    /// `covered` bytes are part of a value whose mask was put out already.
    package init(_ secrets: [String: [UInt8]], covered: Int = 0) {
        self.covered = covered
        patterns = secrets.sorted { $0.key < $1.key }.compactMap { name, value in
            let end = value.lastIndex { $0 != 0x0a && $0 != 0x0d }.map { $0 + 1 } ?? 0
            return end < Self.shortest ? nil : Pattern(name: name, value: Array(value[..<end]))
        }
    }

    /// Whether there is nothing to look for.
    package var isEmpty: Bool { patterns.isEmpty }

    /// How many bytes wait for what follows them.
    package var heldBack: Int { held.count }

    /// Takes the next bytes and returns what may be shown by now.
    package mutating func mask(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard !isEmpty else { return bytes }
        for byte in bytes {
            held.append(byte)
            for index in patterns.indices where patterns[index].advance(byte) {
                cover(held.count - patterns[index].value.count, patterns[index].mask)
            }
        }
        return put(upTo: held.count - (patterns.map(\.matched).max() ?? 0))
    }

    /// Returns what was held back: nothing follows, or not what belongs to it.
    package mutating func flush() -> ArraySlice<UInt8> {
        for index in patterns.indices { patterns[index].matched = 0 }
        return put(upTo: held.count)
    }

    /// A whole text, masked, apart from the stream.
    package func masked(_ text: String) -> String {
        guard !isEmpty else { return text }
        var masker = self
        _ = masker.flush()
        return String(decoding: masker.mask(Array(text.utf8)[...]) + masker.flush(), as: UTF8.self)
    }

    /// A whole text, masked.
    package static func masking(_ text: String, _ secrets: [String: [UInt8]]) -> String {
        SecretMasker(secrets).masked(text)
    }

    /// Covers the held bytes from `start` to the last.
    private mutating func cover(_ start: Int, _ mask: [UInt8]) {
        let end = held.count
        if start < covered {
            regions.removeAll()
            covered = max(covered, end)
            return
        }
        var region = Region(start: start, end: end, mask: mask)
        while let last = regions.last, last.end > region.start {
            if last.start < region.start { region = Region(start: last.start, end: end, mask: last.mask) }
            regions.removeLast()
        }
        regions.append(region)
    }

    private mutating func put(upTo limit: Int) -> ArraySlice<UInt8> {
        var shown: [UInt8] = []
        var position = min(covered, limit)
        for region in regions where region.start < limit {
            shown += held[position..<region.start]
            shown += region.mask
            covered = region.end
            position = min(region.end, limit)
        }
        regions.removeAll { $0.start < limit }
        shown += held[position..<limit]
        held.removeFirst(limit)
        covered = max(0, covered - limit)
        for index in regions.indices {
            regions[index].start -= limit
            regions[index].end -= limit
        }
        return shown[...]
    }
}
