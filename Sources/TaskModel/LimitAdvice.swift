/// Limits that would have suited an attempt, and what an operator should know about them. Pure.
///
/// Memory, processes and disk: 1.25 × the peak, rounded up to a step that grows with the size. CPU: only when more than
/// a tenth of the periods were cut short by the limit, 1.5 × the limit, rounded up to half a core; an attempt that was not
/// held back says nothing about the cores it needs.
package struct LimitAdvice: Codable, Sendable, Equatable {
    /// CPU cores; `nil` when the limit was no obstacle.
    package var cpus: Double?
    /// Memory in MiB.
    package var memoryMb: Int?
    /// Processes and threads.
    package var pidsLimit: Int?
    /// Disk in MiB.
    package var diskMb: Int?
    /// What stands out, a sentence each.
    package var hints: [String] = []

    /// Room above the peak.
    static let headroom = 1.25
    /// From this share of throttled periods on, the CPU limit is worth a word.
    static let noticeableThrottling = 0.1

    /// Advice from one attempt.
    package init(_ report: AttemptReport) {
        let (used, limits) = (report.used, report.limits)
        if let limit = limits.memoryBytes, let peak = used.memoryPeakBytes {
            memoryMb = Self.mebibytes(peak)
            if peak >= limit {
                hints.append("memory ran into its limit, so that the real need is unknown and at least as high")
            }
        }
        if let limit = limits.processes, let peak = used.processesPeak {
            pidsLimit = Self.processes(peak)
            if let refused = used.refusedProcesses, refused > 0 {
                hints.append("\(refused) new processes or threads were refused at the limit of \(limit)")
            }
        }
        if limits.diskBytes != nil, let peak = used.diskPeakBytes { diskMb = Self.mebibytes(peak) }
        if let limit = limits.cpus, let share = used.throttledShare, share > Self.noticeableThrottling {
            cpus = (limit * 1.5 * 2).rounded(.up) / 2
            hints.append(
                "the CPU limit held it back in \(Int((share * 100).rounded())) % of the time it wanted to run")
        }
    }

    /// Peak bytes with headroom, in MiB, rounded up to steps of 16 MiB below 256, 64 below 1024, 256 below 8192, else
    /// 1024.
    package static func mebibytes(_ peak: Int64) -> Int {
        let need = Int((Double(max(0, peak)) * headroom / Double(1 << 20)).rounded(.up))
        let step =
            switch need {
            case ..<256: 16
            case ..<1024: 64
            case ..<8192: 256
            default: 1024
            }
        return max(1, (need + step - 1) / step) * step
    }

    /// Peak processes with headroom, rounded up to steps of 10 below 100, 50 below 500, else 100.
    package static func processes(_ peak: Int) -> Int {
        let need = Int((Double(max(0, peak)) * headroom).rounded(.up))
        let step =
            switch need {
            case ..<100: 10
            case ..<500: 50
            default: 100
            }
        return max(1, (need + step - 1) / step) * step
    }
}
