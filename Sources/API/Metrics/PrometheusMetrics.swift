package import Metrics
import Synchronization

/// A swift-metrics backend that tells everything as Prometheus text (exposition format 0.0.4).
///
/// Counters are counters, gauges and recorders that do not aggregate are gauges, recorders that do and timers are
/// histograms; timers are told in seconds. A name that characters of Prometheus cannot spell gets underscores. Of the
/// series that would go beyond ``seriesMax``, and those whose name already stands for another type, nothing is told but
/// their number.
package final class PrometheusMetrics: MetricsFactory, Sendable {
    private struct Registry {
        var families: [String: MetricFamily] = [:]
        var count = 0
        var dropped: Int64 = 0
    }

    private let registry = Mutex(Registry())

    /// Series held at once.
    package static let seriesMax = 5_000
    static let droppedName = "cfg_metrics_dropped_series_total"
    /// Upper bounds of the buckets of timers, in seconds.
    static let secondsBuckets: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    /// Upper bounds of the buckets of other recorders.
    static let valueBuckets: [Double] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000, 1_000_000, 10_000_000,
    ]

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, .counter, dimensions) { CounterSeries() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, .counter, dimensions) { GaugeSeries() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, .gauge, dimensions) { GaugeSeries() }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate
            ? series(label, .histogram, dimensions) { HistogramSeries(bounds: Self.valueBuckets, divisor: 1) }
            : series(label, .gauge, dimensions) { GaugeSeries() } as any RecorderHandler
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, .histogram, dimensions) { HistogramSeries(bounds: Self.secondsBuckets, divisor: 1e9) }
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// Sets a gauge without labels.
    func setGauge(_ name: String, to value: Double) {
        series(name, .gauge, []) { GaugeSeries() }.set(value)
    }

    /// Sets a counter without labels to what something else has counted.
    func setCounter(_ name: String, to value: Double) {
        series(name, .counter, []) { GaugeSeries() }.set(value)
    }

    /// Everything, families in order of name, series in order of labels.
    package func text() -> [UInt8] {
        let (families, dropped) = registry.withLock { registry in (registry.families, registry.dropped) }
        var out: [UInt8] = []
        out.reserveCapacity(families.count * 512)
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            MetricText.header(name, family.type, into: &out)
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(name, labels, into: &out)
            }
        }
        MetricText.header(Self.droppedName, .counter, into: &out)
        MetricText.sample(Self.droppedName, "", Double(dropped), into: &out)
        return out
    }

    private func series<Series: MetricSeries>(
        _ label: String, _ type: MetricType, _ dimensions: [(String, String)], _ make: () -> Series
    ) -> Series {
        let name = MetricText.name(label)
        let labels = MetricText.labels(dimensions)
        return registry.withLock { registry in
            if let known = registry.families[name]?.series[labels] as? Series, registry.families[name]?.type == type {
                return known
            }
            let new = make()
            guard registry.count < Self.seriesMax, registry.families[name]?.type ?? type == type,
                registry.families[name]?.series[labels] == nil
            else {
                registry.dropped += 1
                return new
            }
            registry.families[name, default: MetricFamily(type: type)].series[labels] = new
            registry.count += 1
            return new
        }
    }

    private func remove(_ handler: AnyObject) {
        registry.withLock { registry in
            for (name, family) in registry.families {
                guard let labels = family.series.first(where: { $0.value === handler })?.key else { continue }
                registry.families[name]?.series[labels] = nil
                if registry.families[name]?.series.isEmpty == true { registry.families[name] = nil }
                registry.count -= 1
                return
            }
        }
    }
}

enum MetricType: String {
    case counter, gauge, histogram
}

/// All series of one name.
struct MetricFamily {
    let type: MetricType
    /// By their labels as they are told.
    var series: [String: any MetricSeries] = [:]
}
