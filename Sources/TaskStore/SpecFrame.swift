internal import TaskModel

/// The JSON of a specification around its command. Tasks mostly differ by their commands alone, and a frame makes their
/// JSON, or reads it, without looking at all that is the same.
struct SpecFrame: Sendable {
    /// What is the same: a specification without a command.
    let rest: TaskSpec
    /// Whether a specification that equals `rest` is written with the same bytes. Equal texts may be composed of different
    /// characters, but not where all are ASCII, but for the three that others are the same as by Unicode's rules.
    let isLiteral: Bool
    private let head: [UInt8]
    private let tail: [UInt8]

    /// Stands for the command where the frame is made; nobody has such a command, and if somebody had, there would be no frame.
    static let mark = "\u{f8ff}acode-command\u{f8ff}"

    /// Takes the frame from the JSON of `rest` with the mark as its command; `nil` when the mark isn't there exactly once.
    init?(rest: TaskSpec, marked json: String) {
        let bytes = Array(json.utf8)
        let mark = Array("[\"\(Self.mark)\"]".utf8)
        let places = bytes.indices.filter { bytes[$0] == mark[0] && bytes[$0...].starts(with: mark) }
        guard places.count == 1 else { return nil }
        self.rest = rest
        head = Array(bytes[..<places[0]])
        tail = Array(bytes[(places[0] + mark.count)...])
        isLiteral = (head + tail).allSatisfy { $0 < 0x80 && !";`K".utf8.contains($0) }
    }

    /// The JSON with this command.
    func json(command: [String]) -> String {
        let size = head.count + tail.count + command.reduce(2) { $0 + $1.utf8.count + 3 }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes += head
        bytes.append(UInt8(ascii: "["))
        for (index, word) in command.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            Self.quote(word, into: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        bytes += tail
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func quote(_ word: String, into bytes: inout [UInt8]) {
        var word = word
        bytes.append(UInt8(ascii: "\""))
        word.withUTF8 { utf8 in
            // Most words have nothing to escape, and are copied at once. A look without a way out is what compilers make fast.
            if utf8.reduce(UInt8(0), { $0 | (isEscaped($1) ? 1 : 0) }) == 0 {
                bytes.append(contentsOf: utf8)
            } else {
                for byte in utf8 { append(byte, to: &bytes) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: bytes.append(byte)
        }
    }

    /// The specification that JSON of this frame says; `nil` for JSON of another one, or with a command that takes more care
    /// to be read.
    func spec(in json: UnsafeBufferPointer<UInt8>) -> TaskSpec? {
        guard json.count > head.count + tail.count, json.starts(with: head),
            json.suffix(tail.count).elementsEqual(tail),
            let command = Self.words(in: json[head.count..<(json.count - tail.count)])
        else { return nil }
        var spec = rest
        spec.command = command
        return spec
    }

    /// An array of texts without escapes and spaces, as `json` writes it.
    private static func words(in json: Slice<UnsafeBufferPointer<UInt8>>) -> [String]? {
        guard json.first == UInt8(ascii: "["), json.last == UInt8(ascii: "]") else { return nil }
        var rest = json.dropFirst().dropLast()
        var words: [String] = []
        while !rest.isEmpty {
            guard rest.first == UInt8(ascii: "\"") else { return nil }
            rest = rest.dropFirst()
            guard
                let end = rest.firstIndex(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }),
                rest[end] == UInt8(ascii: "\""), let word = String(validating: rest[..<end], as: UTF8.self)
            else { return nil }
            words.append(word)
            rest = rest[(end + 1)...]
            guard let next = rest.first else { break }
            guard next == UInt8(ascii: ","), rest.count > 1 else { return nil }
            rest = rest.dropFirst()
        }
        return words
    }
}
