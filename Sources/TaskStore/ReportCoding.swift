internal import Foundation
internal import TaskModel

/// How the report of an attempt is stored: JSON with sorted keys.
enum ReportCoding {
    /// `nil` for a report with a number JSON has no words for: the end of the attempt must be recorded without it.
    static func text(of report: AttemptReport) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(report)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// `nil` for one this program can't read: a newer one wrote it, and the attempt's other facts still count.
    static func report(in text: String) -> AttemptReport? {
        try? JSONDecoder().decode(AttemptReport.self, from: Data(text.utf8))
    }
}
