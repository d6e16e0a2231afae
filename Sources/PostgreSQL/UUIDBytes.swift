/// A UUID as the server keeps it: sixteen bytes, compared from the first to the last.
package struct UUIDBytes: Sendable, Hashable, Comparable {
    private let high: UInt64
    private let low: UInt64

    /// Reads the textual form of 36 characters, in either case; `nil` for anything else.
    package init?(_ text: String) {
        var text = text
        guard let words = text.withUTF8({ Self.words(in: $0) }) else { return nil }
        (high, low) = words
    }

    /// Takes sixteen bytes from the wire; `nil` for another number of them.
    init?(wire: UnsafeBufferPointer<UInt8>) {
        guard wire.count == 16 else { return nil }
        high = wire[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = wire[8...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The milliseconds since 1970 that a UUID of version 7 begins with (RFC 9562, section 5.7).
    package var milliseconds: Int64 { Int64(high >> 16) }

    /// The lower-case textual form.
    package var text: String {
        String(unsafeUninitializedCapacity: 36) { characters in
            var place = 0
            for position in 0..<32 {
                if Self.isHyphen(place) {
                    characters[place] = UInt8(ascii: "-")
                    place += 1
                }
                let digit = UInt8((position < 16 ? high : low) >> UInt64(60 - 4 * (position % 16)) & 15)
                characters[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                place += 1
            }
            return place
        }
    }

    package static func < (one: Self, other: Self) -> Bool { (one.high, one.low) < (other.high, other.low) }

    /// Adds them as they go over the wire.
    func append(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: high.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: low.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func isHyphen(_ place: Int) -> Bool { place == 8 || place == 13 || place == 18 || place == 23 }

    private static func words(in text: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard text.count == 36 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for (place, character) in text.enumerated() {
            if isHyphen(place) {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = digit(character) else { return nil }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(digit)
        }
        return (high, low)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
