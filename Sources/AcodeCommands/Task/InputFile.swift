internal import Foundation
internal import Settings

/// Files and standard input that become part of a task.
enum InputFile {
    /// The text of a file, or of standard input for `-`. Blocks until it is read.
    static func text(_ path: String, limit: Int, flag: String) throws(CommandFailure) -> String {
        let bytes: [UInt8]
        do throws(FileReader.Failure) {
            bytes = try FileReader.read(path == "-" ? "/dev/stdin" : path, limit: limit)
        } catch {
            throw CommandFailure(ExitCodes.failed, "\(flag): \(path) \(error.message)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(ExitCodes.failed, "\(flag): \(path) is not UTF-8 text")
        }
        return text
    }
}
