package import CoreMetrics
import Synchronization

/// Keeps all metrics of the process and writes them in the Prometheus text format 0.0.4.
///
/// Counters become counters; meters, gauges and recorders that don't aggregate become gauges; timers and recorders that do
/// become histograms, timers in seconds. Names are taken as they are, so they should follow the rules of Prometheus
/// (`acode_task_duration_seconds`). A metric has a limited number of label sets: those over the limit share one whose
/// labels are all `other`, so a label that turns out to be unbounded costs precision and not memory.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    /// The value of the `Content-Type` header of the text.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Bounds of timers in seconds, from half a millisecond to an hour.
    package static let durationBounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600,
    ]

    private struct State {
        var families: [String: PrometheusFamily] = [:]
        var help: [String: String] = [:]
        var bounds: [String: [Double]] = [:]
    }

    private let state = Mutex(State())
    private let labelSetLimit: Int

    /// Makes an empty registry.
    ///
    /// - Parameter labelSetLimit: the most label sets of one metric.
    package init(labelSetLimit: Int = 200) { self.labelSetLimit = labelSetLimit }

    /// Says what a metric means. To be called before the metric is first used, for bounds to have an effect.
    ///
    /// - Parameters:
    ///   - name: the metric's name.
    ///   - help: one sentence.
    ///   - bounds: upper bounds of a histogram's buckets, ascending, without infinity.
    package func describe(_ name: String, help: String, bounds: [Double]? = nil) {
        let name = PrometheusName.metric(name)
        state.withLock { state in
            state.help[name] = help
            if let bounds { state.bounds[name] = bounds }
        }
    }

    /// Everything in the text format, metrics and series in the order of their names.
    package func render() -> String {
        let (families, help) = state.withLock { ($0.families, $0.help) }
        return families.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { name, family in
            let description = help[name].map {
                "# HELP \(name) \(PrometheusName.escaped($0, alsoQuotes: false))\n"
            }
            return (description ?? "") + family.render(name: name)
        }.joined()
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate { histogram(label, dimensions) } else { gauge(label, dimensions) }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }

    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { destroy(handler) }

    package func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }

    package func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }

    package func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }

    private func counter(_ name: String, _ dimensions: [(String, String)]) -> CounterSeries {
        series(name, dimensions) { _ in
            .counter(CounterSeries())
        } as: {
            if case .counter(let series) = $0 { series } else { nil }
        } ?? CounterSeries()
    }

    private func gauge(_ name: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        series(name, dimensions) { _ in
            .gauge(GaugeSeries())
        } as: {
            if case .gauge(let series) = $0 { series } else { nil }
        } ?? GaugeSeries()
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramSeries {
        series(name, dimensions) {
            .histogram(HistogramSeries(bounds: $0))
        } as: {
            if case .histogram(let series) = $0 { series } else { nil }
        } ?? HistogramSeries(bounds: Self.durationBounds)
    }

    /// The series of a name and labels, made when it is not there. `nil` when the name is taken by a metric of another
    /// kind: the caller then gets a series that is never shown, because the text format has one kind a name.
    private func series<Series>(
        _ name: String, _ dimensions: [(String, String)], make: ([Double]) -> PrometheusSeries,
        as cast: (PrometheusSeries) -> Series?
    ) -> Series? {
        let name = PrometheusName.metric(name)
        let labels = PrometheusLabels(dimensions)
        let found = state.withLock { state in
            let bounds = state.bounds[name] ?? Self.durationBounds
            return state.families[name, default: PrometheusFamily()].series(labels, limit: labelSetLimit) {
                make(bounds)
            }
        }
        return cast(found)
    }

    private func destroy(_ handler: AnyObject) {
        state.withLock { state in
            for name in state.families.keys { state.families[name]?.remove(handler) }
        }
    }
}
