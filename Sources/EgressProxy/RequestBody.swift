/// What follows the head of a plain request and belongs to it (RFC 9112, 6). Pure.
///
/// Whatever comes behind it is another request, which nobody has judged: it is not passed on. So a connection to a
/// permitted host can't be used to ask the same server for another one.
struct RequestBody: Equatable {
    private enum State: Equatable {
        /// So many bytes more.
        case counted(Int)
        /// In the line with a chunk's size.
        case size(Int?)
        case sizeExtension(Int)
        case sizeEnd(Int)
        /// In a chunk, with its final line break.
        case data(Int)
        case dataEnd(Character)
        /// Behind the last chunk, at the begin of a line or within it.
        case trailer(isEmpty: Bool)
        case trailerEnd(isEmpty: Bool)

        static let over = State.counted(0)
    }

    private var state: State

    /// What can't be understood must not be passed on: the server might understand it otherwise.
    private static let refusal = ProxyRefusal(.badRequest, "the length of the request's body is not clear")

    /// Reads the headers that the server will see; names in lower case.
    ///
    /// - Throws: a refusal when they say more than one thing.
    init(headers: [(name: String, value: Substring)]) throws(ProxyRefusal) {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        func values(_ name: String) -> [String] {
            headers.filter { $0.name == name }.map { header in
                let trimmed = header.value.drop(while: isBlank)
                return String(trimmed.prefix(trimmed.count - trimmed.reversed().prefix(while: isBlank).count))
            }
        }
        let (lengths, codings) = (values("content-length"), values("transfer-encoding"))
        if let coding = codings.first {
            guard codings.count == 1, coding.lowercased() == "chunked", lengths.isEmpty else { throw Self.refusal }
            state = .size(nil)
        } else if let text = lengths.first {
            guard lengths.count == 1, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
                let length = Int(text)
            else { throw Self.refusal }
            state = .counted(length)
        } else {
            state = .over
        }
    }

    /// Whether nothing more belongs to the request.
    var isOver: Bool { state == .over }

    /// How many of the next bytes belong to it: all of them, unless it ends among them.
    ///
    /// - Throws: a refusal when chunks are not written as they must be.
    mutating func take(_ bytes: some RandomAccessCollection<UInt8>) throws(ProxyRefusal) -> Int {
        var taken = 0
        while taken < bytes.count, state != .over {
            switch state {
            case .counted(let left):
                let count = min(left, bytes.count - taken)
                state = .counted(left - count)
                taken += count
            case .data(let left):
                let count = min(left, bytes.count - taken)
                state = left == count ? .dataEnd("\r") : .data(left - count)
                taken += count
            default:
                try step(bytes[bytes.index(bytes.startIndex, offsetBy: taken)])
                taken += 1
            }
        }
        return taken
    }

    /// Takes one byte of what is around the chunks.
    private mutating func step(_ byte: UInt8) throws(ProxyRefusal) {
        let (isReturn, isFeed) = (byte == 0x0D, byte == 0x0A)
        switch state {
        case .size(let size):
            if let digit = Character(UnicodeScalar(byte)).hexDigitValue {
                guard size ?? 0 < 1 << 40 else { throw Self.refusal }
                state = .size((size ?? 0) * 16 + digit)
            } else if let size, isReturn {
                state = .sizeEnd(size)
            } else if let size, [UInt8(ascii: ";"), 0x20, 0x09].contains(byte) {
                state = .sizeExtension(size)
            } else {
                throw Self.refusal
            }
        case .sizeExtension(let size):
            if isReturn { state = .sizeEnd(size) } else { try Self.requireText(byte) }
        case .sizeEnd(let size):
            guard isFeed else { throw Self.refusal }
            state = size == 0 ? .trailer(isEmpty: true) : .data(size)
        case .dataEnd(let expected):
            guard byte == expected.asciiValue else { throw Self.refusal }
            state = expected == "\r" ? .dataEnd("\n") : .size(nil)
        case .trailer(let isEmpty):
            if isReturn {
                state = .trailerEnd(isEmpty: isEmpty)
            } else {
                try Self.requireText(byte)
                state = .trailer(isEmpty: false)
            }
        case .trailerEnd(let isEmpty):
            guard isFeed else { throw Self.refusal }
            state = isEmpty ? .over : .trailer(isEmpty: true)
        case .counted, .data: break
        }
    }

    private static func requireText(_ byte: UInt8) throws(ProxyRefusal) {
        guard byte >= 0x20 || byte == 0x09 else { throw refusal }
    }
}
