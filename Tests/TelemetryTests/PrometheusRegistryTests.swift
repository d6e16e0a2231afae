import CoreMetrics
import Metrics
import Telemetry
import Testing

@Suite("Prometheus registry")
struct PrometheusRegistryTests {
    @Test("counters, gauges and histograms in the text format")
    func format() {
        let registry = PrometheusRegistry()
        registry.describe("acode_tasks_completed_total", help: "Attempts that ended.\nBy \\outcome\".")
        registry.describe("acode_task_duration_seconds", help: "How long attempts ran.", bounds: [0.1, 1, 10])
        registry.describe("acode_never_used", help: "Not shown.")
        Counter(label: "acode_tasks_completed_total", dimensions: [("outcome", "success")], factory: registry)
            .increment(by: 3)
        Counter(label: "acode_tasks_completed_total", dimensions: [("outcome", "failure")], factory: registry)
            .increment()
        Gauge(label: "acode_workers", dimensions: [("state", "idle"), ("pool", "default")], factory: registry).record(4)
        Meter(label: "acode_load", factory: registry).set(0.25)
        let timer = Metrics.Timer(label: "acode_task_duration_seconds", factory: registry)
        for milliseconds in [50, 100, 500, 60_000] { timer.recordMilliseconds(milliseconds) }
        #expect(
            registry.render() == """
                # TYPE acode_load gauge
                acode_load 0.25
                # HELP acode_task_duration_seconds How long attempts ran.
                # TYPE acode_task_duration_seconds histogram
                acode_task_duration_seconds_bucket{le="0.1"} 2
                acode_task_duration_seconds_bucket{le="1"} 3
                acode_task_duration_seconds_bucket{le="10"} 3
                acode_task_duration_seconds_bucket{le="+Inf"} 4
                acode_task_duration_seconds_sum 60.65
                acode_task_duration_seconds_count 4
                # HELP acode_tasks_completed_total Attempts that ended.\\nBy \\\\outcome".
                # TYPE acode_tasks_completed_total counter
                acode_tasks_completed_total{outcome="failure"} 1
                acode_tasks_completed_total{outcome="success"} 3
                # TYPE acode_workers gauge
                acode_workers{pool="default",state="idle"} 4

                """)
    }

    @Test(
        "label values are escaped, names made valid",
        arguments: [
            ("a", "plain", #"{a="plain"}"#), ("a", "q\"b\\n\n", #"{a="q\"b\\n\n"}"#), ("a.b-c", "ü", #"{a_b_c="ü"}"#),
            ("9", "", #"{_9=""}"#),
            ("le", "1", #"{label_le="1"}"#), ("__x", "1", #"{label___x="1"}"#),
        ])
    func labels(name: String, value: String, expected: String) {
        let registry = PrometheusRegistry()
        Counter(label: "1x.y", dimensions: [(name, value)], factory: registry).increment()
        #expect(registry.render() == "# TYPE _1x_y counter\n_1x_y\(expected) 1\n")
    }

    @Test(
        "values are written as the format has them",
        arguments: [
            (0, "0"), (-3, "-3"), (1.5, "1.5"), (1e20, "1e+20"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
            (.nan, "NaN"), (1e-7, "1e-07"),
        ] as [(Double, String)])
    func values(value: Double, expected: String) {
        let registry = PrometheusRegistry()
        Gauge(label: "g", factory: registry).record(value)
        #expect(registry.render() == "# TYPE g gauge\ng \(expected)\n")
    }

    @Test("a counter never goes down")
    func counter() {
        let registry = PrometheusRegistry()
        let counter = FloatingPointCounter(label: "c", factory: registry)
        counter.increment(by: 0.5)
        counter.increment(by: -3.0)
        counter.increment(by: Double.nan)
        Counter(label: "c", factory: registry).increment(by: 2)
        #expect(registry.render() == "# TYPE c counter\nc 2.5\n")
    }

    @Test("a histogram counts a value on a bound below it and leaves out what is no number")
    func bounds() {
        let registry = PrometheusRegistry()
        registry.describe("h", help: "x", bounds: [1, 2])
        let recorder = Recorder(label: "h", dimensions: [("q", "a")], factory: registry)
        for value in [1, 1.5, 2, 2.5, .nan, .infinity] { recorder.record(value) }
        #expect(
            registry.render() == """
                # HELP h x
                # TYPE h histogram
                h_bucket{q="a",le="1"} 1
                h_bucket{q="a",le="2"} 3
                h_bucket{q="a",le="+Inf"} 4
                h_sum{q="a"} 7
                h_count{q="a"} 4

                """)
    }

    @Test("a name has one kind, the first")
    func kinds() {
        let registry = PrometheusRegistry()
        Counter(label: "n", factory: registry).increment()
        Gauge(label: "n", factory: registry).record(7)
        Gauge(label: "n", dimensions: [("a", "b")], factory: registry).record(7)
        #expect(registry.render() == "# TYPE n counter\nn 1\n")
    }

    @Test("label sets over the limit share one series")
    func limit() {
        let registry = PrometheusRegistry(labelSetLimit: 2)
        for id in 0..<1000 { Counter(label: "c", dimensions: [("id", "\(id)")], factory: registry).increment() }
        #expect(registry.render() == "# TYPE c counter\nc{id=\"0\"} 1\nc{id=\"1\"} 1\nc{id=\"other\"} 998\n")
    }

    @Test("a destroyed series is gone, and its metric with the last of them")
    func destroy() {
        let registry = PrometheusRegistry()
        registry.describe("g", help: "x")
        let gauge = Gauge(label: "g", dimensions: [("a", "1")], factory: registry)
        gauge.record(1)
        gauge.destroy()
        #expect(registry.render() == "")
    }

    @Test("nothing is lost when many count at once", .timeLimit(.minutes(3)))
    func concurrency() async {
        let registry = PrometheusRegistry()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<5000 { Counter(label: "c", factory: registry).increment() }
                    _ = registry.render()
                }
            }
        }
        #expect(registry.render() == "# TYPE c counter\nc 40000\n")
    }
}
