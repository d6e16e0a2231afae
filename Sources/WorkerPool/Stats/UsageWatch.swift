package import AgentProtocol
package import TaskModel

/// What a worker's high use, or its end, is told as.
package struct UsageAlert: Sendable, Equatable {
    /// What is watched.
    package enum Resource: String, Sendable, CaseIterable {
        case cpu, memory, processes
    }

    /// Of which resource.
    package var resource: Resource
    /// Whether use is high now; else it is clearly lower again.
    package var isHigh: Bool
    /// The worker.
    package var worker: WorkerID
    /// The attempt that runs on it.
    package var attempt: AttemptRef?
    /// In plain words, with both numbers.
    package var message: String
}

/// Compares each measurement of one worker with its limits. Pure.
///
/// CPU must be high in two measurements in a row: a moment at the limit is what a limit is for.
package struct UsageWatch: Sendable, Equatable {
    private var alarms: [UsageAlert.Resource: UsageAlarm]
    private let percent: Int
    private var attempt: AttemptRef?

    /// Warns at `percent` of a limit.
    package init(percent: Int) {
        self.percent = percent
        alarms = Self.fresh(percent)
    }

    /// What is high now.
    package var high: [UsageAlert.Resource] {
        UsageAlert.Resource.allCases.filter { alarms[$0]?.isRaised ?? false }
    }

    /// Takes a measurement. Each attempt is warned about for itself.
    package mutating func take(
        _ usage: WorkerUsage, of worker: WorkerID, running attempt: AttemptRef?
    ) -> [UsageAlert] {
        if attempt != self.attempt {
            self.attempt = attempt
            alarms = Self.fresh(percent)
        }
        var alerts: [UsageAlert] = []
        for resource in UsageAlert.Resource.allCases {
            let (used, limit) = Self.numbers(resource, usage)
            guard limit > 0, let change = alarms[resource]?.take(share: used / limit) else { continue }
            alerts.append(
                UsageAlert(
                    resource: resource, isHigh: change == .raised, worker: worker, attempt: attempt,
                    message: Self.message(resource, used, limit, isHigh: change == .raised)))
        }
        return alerts
    }

    private static func fresh(_ percent: Int) -> [UsageAlert.Resource: UsageAlarm] {
        [
            .cpu: UsageAlarm(percent: percent, patience: 2), .memory: UsageAlarm(percent: percent),
            .processes: UsageAlarm(percent: percent),
        ]
    }

    private static func numbers(_ resource: UsageAlert.Resource, _ usage: WorkerUsage) -> (Double, Double) {
        switch resource {
        case .cpu: (usage.cpuCores, usage.cpuLimitCores)
        // With the page cache, which grows to any limit, it says nothing.
        case .memory: (Double(usage.memoryBytes), usage.memoryIncludesCache ? 0 : Double(usage.memoryLimitBytes))
        case .processes: (Double(usage.processes), Double(usage.processLimit))
        }
    }

    private static func message(
        _ resource: UsageAlert.Resource, _ used: Double, _ limit: Double, isHigh: Bool
    ) -> String {
        let percent = Int((used / limit * 100).rounded())
        let numbers =
            switch resource {
            case .cpu: "\((used * 100).rounded() / 100) of \((limit * 100).rounded() / 100) cores"
            case .memory: "\(Int64(used) >> 20) of \(Int64(limit) >> 20) MiB"
            case .processes: "\(Int(used)) of \(Int(limit)) processes"
            }
        return isHigh
            ? "\(resource.rawValue) use is high: \(percent) % of the limit, \(numbers)"
            : "\(resource.rawValue) use is down to \(percent) % of the limit, \(numbers)"
    }
}
