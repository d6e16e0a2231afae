internal import Foundation
internal import Glibc

/// What a command left in its result file.
enum ResultFile {
    /// The most bytes of a result.
    static let largest = 64 << 10

    /// The result as JSON text; `nil` when there is none. Blocks.
    ///
    /// - Throws: why it can't be used, in words.
    static func read(_ name: String, in directory: HeldDirectory) throws(FileProblem) -> String? {
        guard directory.status(name) != nil else { return nil }
        do throws(FileProblem) {
            return try check(try directory.content(name, limit: largest))
        } catch {
            throw error.at("its result file can't be used")
        }
    }

    /// The text of a result if it is JSON, without white space around it; `nil` when it is empty.
    static func check(_ content: [UInt8]) throws(FileProblem) -> String? {
        guard let text = String(validating: content, as: UTF8.self) else { throw FileProblem("it is not UTF-8") }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty else { return nil }
        do {
            _ = try JSONSerialization.jsonObject(with: Data(trimmed.utf8), options: .fragmentsAllowed)
        } catch {
            let why = (error as NSError).userInfo["NSDebugDescription"] as? String
            throw FileProblem("it is not JSON" + (why.map { " (\($0))" } ?? ""))
        }
        return trimmed
    }
}
