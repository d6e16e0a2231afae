internal import AgentProtocol

/// One stream of an attempt's output on its way through the masking, with an account of what is held back. Pure.
struct MaskedStream: Sendable {
    private var masker: SecretMasker
    /// Bytes below this offset were written down before.
    private let known: UInt64
    /// Where what is held back stood in the attempt's output, oldest first.
    private var held: [(start: UInt64, count: Int)] = []

    /// A stream that was written down up to `mark`, in which `secrets` must not be seen.
    init(_ secrets: [String: [UInt8]], from mark: OutputPosition.Mark = OutputPosition.Mark()) {
        masker = SecretMasker(secrets, covered: Int(mark.covered))
        known = mark.offset
    }

    /// Takes the bytes at `offset` and returns what may be shown by now.
    mutating func take(_ bytes: ArraySlice<UInt8>, at offset: UInt64) -> ArraySlice<UInt8> {
        let old = offset < known ? Int(min(known - offset, UInt64(bytes.count))) : 0
        let new = bytes.dropFirst(old)
        guard !new.isEmpty else { return [] }
        held.append((offset + UInt64(old), new.count))
        let shown = masker.mask(new)
        forget(heldBack: masker.heldBack)
        return shown
    }

    /// Returns what was held back.
    mutating func flush() -> ArraySlice<UInt8> {
        held = []
        return masker.flush()
    }

    /// Up to where the stream is dealt with once what `take` returned is written down; `taken` is the offset after
    /// everything that was taken of both streams.
    func mark(taken: UInt64) -> OutputPosition.Mark {
        guard let first = held.first else { return OutputPosition.Mark(offset: max(known, taken)) }
        return OutputPosition.Mark(offset: first.start, covered: UInt64(masker.covered))
    }

    private mutating func forget(heldBack: Int) {
        var surplus = held.reduce(0) { $0 + $1.count } - heldBack
        while surplus > 0, let first = held.first {
            let count = min(surplus, first.count)
            surplus -= count
            if count == first.count {
                held.removeFirst()
            } else {
                held[0] = (first.start + UInt64(count), first.count - count)
            }
        }
    }
}
