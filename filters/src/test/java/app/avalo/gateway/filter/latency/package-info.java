@org.jspecify.annotations.NullMarked
package app.avalo.gateway.filter.latency;
