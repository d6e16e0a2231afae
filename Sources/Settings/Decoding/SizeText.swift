/// Amounts of memory as people write them: `512MiB`, `1GiB`, `64m`, or a number.
package enum SizeText {
    private static let shifts: [String: Int64] = [
        "k": 10, "kib": 10, "m": 20, "mib": 20, "g": 30, "gib": 30, "t": 40, "tib": 40, "b": 0,
    ]

    /// The bytes a text means, where a bare number counts `unit` bytes each; `nil` when it means none.
    package static func parse(_ text: String, unit: Int64) -> Int64? {
        let number = text.prefix { $0 == "." || ("0"..."9").contains($0) }
        let name = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
        guard let value = NumberText.parse(String(number)) else { return nil }
        let scale: Int64
        if name.isEmpty {
            scale = unit
        } else if let shift = shifts[name] {
            scale = 1 << shift
        } else {
            return nil
        }
        let bytes = value * Double(scale)
        guard bytes < 9e15, bytes == bytes.rounded() else { return nil }
        return Int64(bytes)
    }

    /// The shortest exact text.
    package static func format(_ bytes: Int64) -> String {
        for (name, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] where bytes != 0 {
            if bytes % (1 << Int64(shift)) == 0 { return "\(bytes >> Int64(shift))\(name)" }
        }
        return String(bytes)
    }
}

extension ValueFormat where Value == Int {
    /// Whole MiB of a range; a bare number counts MiB.
    package static func mebibytes(_ range: ClosedRange<Int>) -> ValueFormat {
        let expected = "MiB as a number from \(range.lowerBound) to \(range.upperBound), or a size such as 512MiB"
        return .scalar(expected: expected) { scalar throws(ValueMistake) in
            guard let bytes = SizeText.parse(scalar.text, unit: 1 << 20), bytes % (1 << 20) == 0,
                range.contains(Int(bytes >> 20))
            else { throw ValueMistake(hint: sizeHint(scalar.text)) }
            return Int(bytes >> 20)
        } encode: {
            .plain(String($0))
        }
    }

    /// Bytes of a range; a bare number counts bytes.
    package static func bytes(_ range: ClosedRange<Int>) -> ValueFormat {
        let bounds = "from \(SizeText.format(Int64(range.lowerBound))) to \(SizeText.format(Int64(range.upperBound)))"
        return .scalar(expected: "bytes as a number, or a size such as 64MiB, \(bounds)") {
            scalar throws(ValueMistake) in
            guard let bytes = SizeText.parse(scalar.text, unit: 1), range.contains(Int(bytes)) else {
                throw ValueMistake(hint: sizeHint(scalar.text))
            }
            return Int(bytes)
        } encode: {
            .plain(SizeText.format(Int64($0)))
        }
    }

    /// Decimal units are ambiguous in practice, so they are refused and the binary ones are named.
    private static func sizeHint(_ text: String) -> String? {
        let lowered = text.lowercased()
        return ["kb", "mb", "gb", "tb"].contains { lowered.hasSuffix($0) } ? "write KiB, MiB, GiB or TiB" : nil
    }
}
