/// One series of any kind.
enum PrometheusSeries: Sendable {
    case counter(CounterSeries)
    case gauge(GaugeSeries)
    case histogram(HistogramSeries)

    /// The word of the text format.
    var kind: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    fileprivate var handler: AnyObject {
        switch self {
        case .counter(let series): series
        case .gauge(let series): series
        case .histogram(let series): series
        }
    }
}

/// All series of one name.
struct PrometheusFamily: Sendable {
    private var series: [PrometheusLabels: PrometheusSeries] = [:]

    /// Whether nothing is left of it.
    var isEmpty: Bool { series.isEmpty }

    /// The series of labels, made when it is not there; over the limit the one that stands for the rest.
    mutating func series(
        _ labels: PrometheusLabels, limit: Int, make: () -> PrometheusSeries
    ) -> PrometheusSeries {
        if let found = series[labels] { return found }
        // A name has one kind: a series of another is made, but not kept.
        let made = make()
        if let kind = series.first?.value.kind, kind != made.kind { return made }
        guard series.count < limit else {
            if let found = series[labels.overflow] { return found }
            series[labels.overflow] = made
            return made
        }
        series[labels] = made
        return made
    }

    /// Forgets a series.
    mutating func remove(_ handler: AnyObject) { series = series.filter { $0.value.handler !== handler } }

    /// `# TYPE` and a line or more a series; empty without series.
    func render(name: String) -> String {
        guard let kind = series.first?.value.kind else { return "" }
        var text = "# TYPE \(name) \(kind)\n"
        for (labels, series) in series.sorted(by: { $0.key < $1.key }) {
            switch series {
            case .counter(let series): text += "\(name)\(labels.text()) \(PrometheusName.number(series.current))\n"
            case .gauge(let series): text += "\(name)\(labels.text()) \(PrometheusName.number(series.current))\n"
            case .histogram(let series): text += Self.render(series, name: name, labels: labels)
            }
        }
        return text
    }

    private static func render(_ series: HistogramSeries, name: String, labels: PrometheusLabels) -> String {
        let snapshot = series.current
        var (text, total) = ("", UInt64(0))
        for (bound, count) in zip(series.bounds + [.infinity], snapshot.counts) {
            total += count
            text += "\(name)_bucket\(labels.text(("le", PrometheusName.number(bound)))) \(total)\n"
        }
        text += "\(name)_sum\(labels.text()) \(PrometheusName.number(snapshot.sum))\n"
        return text + "\(name)_count\(labels.text()) \(total)\n"
    }
}
