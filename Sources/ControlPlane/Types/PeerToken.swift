internal import Foundation
internal import Glibc

/// The secret that all hosts of one queue share. Never printed.
package struct PeerToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// The fewest bytes of one.
    package static let shortest = 32

    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Reads it from a file that nobody but its owner may read. Blocks for a few system calls.
    ///
    /// - Throws: in plain words that begin with the path.
    package init(file path: String) throws(PeerTokenProblem) {
        // A FIFO would keep waiting for somebody who writes to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw PeerTokenProblem("\(path) can't be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw PeerTokenProblem("\(path) is not a file")
        }
        guard facts.st_mode & 0o077 == 0 else {
            throw PeerTokenProblem("\(path) can be read by others than its owner", hint: "chmod 600 \(path)")
        }
        var content = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &content, content.count)
        let text = String(decoding: content.prefix(max(0, count)), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard text.utf8.count >= Self.shortest, text.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else {
            throw PeerTokenProblem(
                "\(path) does not hold a token: \(Self.shortest) visible characters or more",
                hint: "make one with `openssl rand -hex 32`")
        }
        self.init(text)
    }

    /// The value of an `Authorization` header.
    var header: String { "Bearer " + String(decoding: bytes, as: UTF8.self) }

    /// Whether a header has it. How long that takes tells nothing of what is right in a wrong one.
    func admits(_ header: String?) -> Bool {
        let wanted = Array(self.header.utf8)
        let given = Array((header ?? "").utf8)
        var difference: UInt8 = given.count == wanted.count ? 0 : 1
        for index in wanted.indices { difference |= wanted[index] ^ (index < given.count ? given[index] : 0) }
        return difference == 0
    }

    package var description: String { "(hidden)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why there is no token.
package struct PeerTokenProblem: Error, Equatable {
    /// In plain words.
    package let message: String
    /// What to do.
    package let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
