@NullMarked
package app.avalo.gateway.edge.client;

import org.jspecify.annotations.NullMarked;
