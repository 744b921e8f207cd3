<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology|Labeling" labelsEnabled="{{ 1 if style.label else 0 }}">
{% include "drawing.xml" %}
</qgis>
