import Glibc

/// A failed system call.
struct SystemError: Error, CustomStringConvertible {
    let call: String
    let code: Int32

    /// Takes the current `errno`.
    init(_ call: String, code: Int32 = errno) {
        self.call = call
        self.code = code
    }

    var description: String { "\(call): \(Self.text(code))" }

    /// The system's words for an `errno`.
    static func text(_ code: Int32) -> String {
        guard let words = strerror(code) else { return "error \(code)" }
        return String(cString: words)
    }
}
