internal import Foundation
internal import TaskModel

/// What an attempt used beside its limits, for people.
struct ReportTable {
    var report: AttemptReport

    /// A table of what was measured, and a line a hint.
    func text(usesColor: Bool) -> String {
        var table = Table(
            columns: ["resource", "used", "limit", "share", "suggested"].map {
                Table.Column(title: $0, isRight: $0 == "used" || $0 == "limit" || $0 == "share")
            })
        table.rows = rows
        return table.text(usesColor: usesColor) + LimitAdvice(report).hints.map { "\($0)\n" }.joined()
    }

    private var rows: [[Table.Cell]] {
        let (used, limits, advice) = (report.used, report.limits, LimitAdvice(report))
        var rows = [
            row(
                "time", HumanText.duration(used.wallSeconds), limits.wallSeconds.map(HumanText.duration),
                share(used.wallSeconds, limits.wallSeconds)),
            row("cpu", cpu ?? "?", limits.cpus.map { Self.cores($0) }, cpuShare, advice.cpus.map { Self.cores($0) }),
            row(
                "memory", used.memoryPeakBytes.map(Self.bytes) ?? "?", limits.memoryBytes.map(Self.bytes),
                used.memoryPeakBytes.flatMap { share(Double($0), limits.memoryBytes.map(Double.init)) },
                advice.memoryMb.map(Self.mebibytes)),
        ]
        if let peak = used.processesPeak {
            rows.append(
                row(
                    "processes", String(peak), limits.processes.map(String.init),
                    share(Double(peak), limits.processes.map(Double.init)), advice.pidsLimit.map(String.init)))
        }
        if let peak = used.diskPeakBytes {
            rows.append(
                row(
                    "disk", Self.bytes(peak), limits.diskBytes.map(Self.bytes),
                    share(Double(peak), limits.diskBytes.map(Double.init)), advice.diskMb.map(Self.mebibytes)))
        }
        if let read = used.readBytes { rows.append(row("disk read", Self.bytes(read))) }
        if let written = used.writtenBytes { rows.append(row("disk written", Self.bytes(written))) }
        if let received = used.receivedBytes { rows.append(row("received", Self.bytes(received))) }
        if let sent = used.sentBytes { rows.append(row("sent", Self.bytes(sent))) }
        if let seconds = used.throttledSeconds, seconds > 0 {
            rows.append(row("held back", HumanText.duration(seconds), nil, used.throttledShare.map(Self.percent)))
        }
        return rows
    }

    private func row(
        _ name: String, _ used: String, _ limit: String? = nil, _ share: String? = nil, _ suggested: String? = nil
    ) -> [Table.Cell] {
        [.init(name), .init(used), .init(limit ?? ""), .init(share ?? ""), .init(suggested ?? "")]
    }

    private var cpu: String? { report.used.cpuSeconds.map(HumanText.duration) }

    /// Of the CPU time that the limit would have allowed in the time it took.
    private var cpuShare: String? {
        report.used.cpuSeconds.flatMap { share($0, report.limits.cpus.map { $0 * report.used.wallSeconds }) }
    }

    private func share(_ used: Double, _ limit: Double?) -> String? {
        limit.flatMap { $0 > 0 ? Self.percent(used / $0) : nil }
    }

    private static func percent(_ share: Double) -> String { String(format: "%.0f %%", min(9.99, share) * 100) }

    private static func cores(_ count: Double) -> String {
        let text = count == count.rounded() ? String(Int(count)) : String(count)
        return count == 1 ? "1 core" : "\(text) cores"
    }

    private static func bytes(_ count: Int64) -> String { HumanText.bytes(UInt64(max(0, count))) }

    private static func mebibytes(_ count: Int) -> String { bytes(Int64(count) << 20) }
}
