internal import TaskModel

/// The report of an attempt as JSON shows it, with every key always there.
struct ReportSummary: Encodable {
    var report: AttemptReport

    private enum CodingKeys: String, CodingKey { case used, limits, suggested, hints }
    private enum UsedKeys: String, CodingKey {
        case wallSeconds, cpuSeconds, memoryPeakBytes, processesPeak, refusedProcesses, diskPeakBytes, readBytes
        case writtenBytes, receivedBytes, sentBytes, throttledSeconds, throttledShare
    }
    private enum LimitKeys: String, CodingKey { case wallSeconds, cpus, memoryBytes, processes, diskBytes }
    private enum SuggestedKeys: String, CodingKey { case cpus, memoryMb, pidsLimit, diskMb }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let values = report.used
        var used = container.nestedContainer(keyedBy: UsedKeys.self, forKey: .used)
        try used.encode(values.wallSeconds, forKey: .wallSeconds)
        try used.encode(values.cpuSeconds, forKey: .cpuSeconds)
        try used.encode(values.memoryPeakBytes, forKey: .memoryPeakBytes)
        try used.encode(values.processesPeak, forKey: .processesPeak)
        try used.encode(values.refusedProcesses, forKey: .refusedProcesses)
        try used.encode(values.diskPeakBytes, forKey: .diskPeakBytes)
        try used.encode(values.readBytes, forKey: .readBytes)
        try used.encode(values.writtenBytes, forKey: .writtenBytes)
        try used.encode(values.receivedBytes, forKey: .receivedBytes)
        try used.encode(values.sentBytes, forKey: .sentBytes)
        try used.encode(values.throttledSeconds, forKey: .throttledSeconds)
        try used.encode(values.throttledShare, forKey: .throttledShare)
        var limits = container.nestedContainer(keyedBy: LimitKeys.self, forKey: .limits)
        try limits.encode(report.limits.wallSeconds, forKey: .wallSeconds)
        try limits.encode(report.limits.cpus, forKey: .cpus)
        try limits.encode(report.limits.memoryBytes, forKey: .memoryBytes)
        try limits.encode(report.limits.processes, forKey: .processes)
        try limits.encode(report.limits.diskBytes, forKey: .diskBytes)
        let advice = LimitAdvice(report)
        var suggested = container.nestedContainer(keyedBy: SuggestedKeys.self, forKey: .suggested)
        try suggested.encode(advice.cpus, forKey: .cpus)
        try suggested.encode(advice.memoryMb, forKey: .memoryMb)
        try suggested.encode(advice.pidsLimit, forKey: .pidsLimit)
        try suggested.encode(advice.diskMb, forKey: .diskMb)
        try container.encode(advice.hints, forKey: .hints)
    }
}
