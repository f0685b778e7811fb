import Metrics
import Synchronization

/// One series: a name with its labels.
protocol MetricSeries: AnyObject, Sendable {
    func write(_ name: String, _ labels: String, into out: inout [UInt8])
}

final class CounterSeries: MetricSeries, CounterHandler {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { value.store(0, ordering: .relaxed) }

    func write(_ name: String, _ labels: String, into out: inout [UInt8]) {
        MetricText.sample(name, labels, Double(value.load(ordering: .relaxed)), into: &out)
    }
}

/// A number that is set, or added to.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler, FloatingPointCounterHandler {
    private let value = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func reset() { set(0.0) }

    func write(_ name: String, _ labels: String, into out: inout [UInt8]) {
        MetricText.sample(name, labels, value.withLock { $0 }, into: &out)
    }
}

final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
    private struct State {
        /// For each bound, and one beyond the last, how many fell there.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    /// What a recorded value is divided by.
    private let divisor: Double
    private let state: Mutex<State>

    init(bounds: [Double], divisor: Double) {
        self.bounds = bounds
        self.divisor = divisor
        state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration)) }

    func record(_ value: Double) {
        let value = value / divisor
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func write(_ name: String, _ labels: String, into out: inout [UInt8]) {
        let state = state.withLock { $0 }
        var total: UInt64 = 0
        for (index, count) in state.counts.enumerated() {
            total += count
            let bound = index < bounds.count ? MetricText.number(bounds[index]) : "+Inf"
            let label = "le=\"\(bound)\""
            MetricText.sample(
                name + "_bucket", labels.isEmpty ? label : "\(labels),\(label)", Double(total), into: &out)
        }
        MetricText.sample(name + "_sum", labels, state.sum, into: &out)
        MetricText.sample(name + "_count", labels, Double(total), into: &out)
    }
}
